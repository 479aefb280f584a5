internal import Core

/// Which tensors the rules use: the linear maps; where there are none (only embeddings, heads or vectors are shared),
/// all.
struct Scope: Sendable {
  private let hasLinear: Bool

  init(_ roles: [TensorRole]) { hasLinear = roles.contains(.linear) }

  func includes(_ tensor: TensorSums) -> Bool { includes(tensor.role) }

  func includes(_ role: TensorRole) -> Bool { !hasLinear || role == .linear }
}
