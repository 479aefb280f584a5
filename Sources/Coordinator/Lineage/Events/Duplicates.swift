package import Core

/// Models with the same weights.
package struct Duplicates: Sendable {
  /// Of copies in another form.
  private static let relativeError = 1e-6

  private let n: Int
  /// Per pair, n x n: does some shared tensor differ; is there a shared tensor?
  private var apart: [Bool]
  private var shared: [Bool]

  package init(models n: Int) {
    self.n = n
    apart = Array(repeating: false, count: n * n)
    shared = apart
  }

  package mutating func add(_ tensor: TensorSums) {
    tensor.forEachPair { p, a, b in
      let place = tensor.models[a] * n + tensor.models[b]
      shared[place] = true
      // What sums of floats may leave where parts were put together in another order. NaN counts as different.
      let energy =
        tensor.sums.moments[a].m2 + tensor.sums.moments[a].count * tensor.sums.moments[a].mean
        * tensor.sums.moments[a].mean
      if !(tensor.sums.l2[p] <= Self.relativeError * Self.relativeError * energy) { apart[place] = true }
    }
  }

  /// - Returns: per model the first one with the same weights, nil where there is none before it.
  package func firsts(excluded: Set<Int>, haveSameSignature: (Int, Int) -> Bool) -> [Int?] {
    var first: [Int?] = Array(repeating: nil, count: n)
    for j in 0..<n where !excluded.contains(j) {
      first[j] = (0..<j).first { i in
        !excluded.contains(i) && first[i] == nil && shared[i * n + j] && !apart[i * n + j]
          && haveSameSignature(i, j)
      }
    }
    return first
  }
}
