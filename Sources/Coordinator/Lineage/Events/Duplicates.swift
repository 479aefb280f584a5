package import Core

/// Models with the same weights.
package struct Duplicates: Sendable {
  /// Of copies in another form.
  package static let relativeError = 1e-6

  private let n: Int
  /// Per model, squared: by how much a tensor may differ from one that is the same, over its length.
  private let tolerances: [Double]
  /// Per pair, n x n: does some shared tensor differ; is there a shared tensor?
  private var apart: [Bool]
  private var shared: [Bool]

  /// - Parameter tolerances: per model, the relative error that its numbers have beside those of storage.
  package init(tolerances: [Double]) {
    n = tolerances.count
    self.tolerances = tolerances.map { $0 * $0 }
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
      let tolerance = max(tolerances[tensor.models[a]], tolerances[tensor.models[b]])
      if !(tensor.sums.l2[p] <= tolerance * energy) { apart[place] = true }
    }
  }

  /// - Returns: per model the first one with the same weights, nil where there is none before it. Models whose numbers
  ///   err less come first.
  package func firsts(excluded: Set<Int>, haveSameSignature: (Int, Int) -> Bool) -> [Int?] {
    var first: [Int?] = Array(repeating: nil, count: n)
    let order = (0..<n).filter { !excluded.contains($0) }.sorted { (tolerances[$0], $0) < (tolerances[$1], $1) }
    for (place, j) in order.enumerated() {
      first[j] = order[..<place].first { i in
        let pair = min(i, j) * n + max(i, j)
        return first[i] == nil && shared[pair] && !apart[pair] && haveSameSignature(i, j)
      }
    }
    return first
  }
}
