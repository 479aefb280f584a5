package import Core

/// Models with the same weights, bit for bit.
package struct Duplicates: Sendable {
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
      // Squared distances of equal weights are exactly 0. NaN counts as different.
      if !(tensor.sums.l2[p] == 0) { apart[place] = true }
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
