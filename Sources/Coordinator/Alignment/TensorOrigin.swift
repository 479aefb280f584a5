package import Naming

/// Where a tensor of the aligned model comes from: what was undone to make it.
package struct TensorOrigin: Sendable, Hashable {
  /// The name under which the tensor, or the one that holds it, is stored.
  package var name: String
  package var steps: [Rearrangement.Step]
  /// The stored tensor held others too.
  package var isPart: Bool
}
