package import Core
package import System

/// The gathered sums of all compared tensors, delivered one after the other, so that only one needs to be in memory.
/// Can be read several times.
package protocol TensorSource {
  /// In the order of the tensors.
  var roles: [TensorRole] { get }

  /// Models that have each tensor, ascending.
  var models: [[Int]] { get }

  /// - Parameter isWanted: asked for the number of each tensor in order, before it is read: that may be while
  ///   the one before it is still in use. What is not wanted costs nothing.
  func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure)
}

extension TensorSource {
  package func eachTensor(_ body: (TensorSums) throws(Failure) -> Void) throws(Failure) {
    try eachTensor(where: { _ in true }, body)
  }
}

extension Array: TensorSource where Element == TensorSums {
  package var roles: [TensorRole] { map(\.role) }

  package var models: [[Int]] { map(\.models) }

  package func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    for (number, tensor) in enumerated() where isWanted(number) { try body(tensor) }
  }
}
