public import Core

/// The gathered sums of all compared tensors, handed out one after the other, so that no more than
/// one needs to be in memory. May be gone through several times.
public protocol TensorSource {
  /// In the order of the tensors.
  var roles: [TensorRole] { get }

  func eachTensor(_ body: (TensorSums) throws(Failure) -> Void) throws(Failure)
}

extension Array: TensorSource where Element == TensorSums {
  public var roles: [TensorRole] { map(\.role) }

  public func eachTensor(_ body: (TensorSums) throws(Failure) -> Void) throws(Failure) {
    for tensor in self { try body(tensor) }
  }
}

/// Which tensors the rules look at: the linear maps; where there are none (only embeddings, heads
/// or vectors are shared), all.
struct Scope: Sendable {
  private let hasLinear: Bool

  init(_ roles: [TensorRole]) { hasLinear = roles.contains(.linear) }

  func includes(_ tensor: TensorSums) -> Bool { !hasLinear || tensor.role == .linear }
}
