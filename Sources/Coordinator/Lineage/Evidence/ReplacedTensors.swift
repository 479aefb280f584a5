internal import Core

/// Pairs of relatives that have most of their linear maps in common, while others point elsewhere: one of the two has a
/// part that was replaced. What a replaced part says of distances and of the order is chance.
package struct ReplacedTensors: Sendable {
  private struct Pair: Sendable {
    var all: Int32 = 0
    var near: Int32 = 0
    var elsewhere: Int32 = 0
  }

  private let index: PairIndex
  private var pairs: [Pair]

  /// Squared angle up to which two tensors are relatives, and from which on they are strangers; those of strangers are
  /// about 2.
  private static let near = 0.5
  private static let elsewhere = 1.5
  /// Tensors that must be near, and that may lie between, as one of so many.
  private static let leastNear: Int32 = 3
  private static let mostBetween: Int32 = 4

  /// - Parameter n: models.
  package init(models n: Int) {
    index = PairIndex(n)
    pairs = Array(repeating: Pair(), count: index.count)
  }

  package mutating func add(_ view: TensorView) {
    let tensor = view.tensor
    guard tensor.role == .linear else { return }
    tensor.forEachPair { p, a, b in
      let place = index(tensor.models[a], tensor.models[b])
      let square = view.squaredAngle(p, a, b)
      pairs[place].all += 1
      if square <= Self.near { pairs[place].near += 1 }
      if Self.isElsewhere(square) { pairs[place].elsewhere += 1 }
    }
  }

  static func isElsewhere(_ squaredAngle: Double) -> Bool { squaredAngle > elsewhere }

  /// Does one of two relatives have a part of another network?
  package func isPatched(_ i: Int, _ j: Int) -> Bool {
    guard i != j else { return false }
    let pair = pairs[index(min(i, j), max(i, j))]
    return pair.elsewhere > 0 && Self.leastNear * pair.near >= pair.all
      && Self.mostBetween * (pair.all - pair.near - pair.elsewhere) <= pair.all
  }

  /// The models of a family with a part that most of their relatives do not have.
  func patched(among members: [Int]) -> Set<Int> {
    Set(
      members.filter { model in
        2 * members.count { isPatched(model, $0) } > members.count - 1
      })
  }
}
