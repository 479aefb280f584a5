internal import Core

/// Models with the same weights, bit for bit.
enum Duplicates {
  /// - Returns: per model the first one with the same weights, nil where there is none before it.
  static func find(
    _ tensors: [TensorSums], models n: Int, excluded: Set<Int>, sameSignature: (Int, Int) -> Bool
  ) -> [Int?] {
    // apart[i, j]: some shared tensor differs. Squared distances of equal weights are exactly 0.
    var apart = Array(repeating: false, count: n * n)
    var shared = apart
    for tensor in tensors {
      tensor.forEachPair { p, a, b in
        let place = tensor.models[a] * n + tensor.models[b]
        shared[place] = true
        // NaN counts as different.
        if !(tensor.sums.l2[p] == 0) { apart[place] = true }
      }
    }
    var first: [Int?] = Array(repeating: nil, count: n)
    for j in 0..<n where !excluded.contains(j) {
      first[j] = (0..<j).first { i in
        !excluded.contains(i) && first[i] == nil && shared[i * n + j] && !apart[i * n + j]
          && sameSignature(i, j)
      }
    }
    return first
  }
}
