public import Core
public import System

/// The gathered sums of all compared tensors, handed out one after the other, so that not all need to be
/// in memory. May be gone through several times.
public protocol TensorSource {
  /// In the order of the tensors.
  var roles: [TensorRole] { get }

  /// - Parameter isWanted: asked for the number of each tensor in order, before it is read: that may be while
  ///   the one before it is still looked at. What is not wanted costs nothing.
  func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure)
}

extension TensorSource {
  public func eachTensor(_ body: (TensorSums) throws(Failure) -> Void) throws(Failure) {
    try eachTensor(where: { _ in true }, body)
  }
}

extension Array: TensorSource where Element == TensorSums {
  public var roles: [TensorRole] { map(\.role) }

  public func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    for (number, tensor) in enumerated() where isWanted(number) { try body(tensor) }
  }
}

/// Which tensors the rules look at: the linear maps; where there are none (only embeddings, heads
/// or vectors are shared), all.
struct Scope: Sendable {
  private let hasLinear: Bool

  init(_ roles: [TensorRole]) { hasLinear = roles.contains(.linear) }

  func includes(_ tensor: TensorSums) -> Bool { includes(tensor.role) }

  func includes(_ role: TensorRole) -> Bool { !hasLinear || role == .linear }
}
