internal import COpenBLAS
internal import Core

/// How firmly a family's edges stand: the share of resamplings of the tensors (bootstrap, Efron
/// 1979; for trees Felsenstein 1985) in which an edge, and its direction, come out again.
///
/// Every quantity the rules use is a sum over tensors, so all replicates follow from one matrix
/// product of resampling weights (replicates x tensors) with the tensors' terms (tensors x pairs).
/// Families are kept; for `--distance max`, which is no sum, edges are resampled by mean distance.
struct Support {
  /// Per member: share of replicates with the same parent; 1 for the root.
  var edges: [Double]
  /// Per member: share of replicates in which the scores order parent and child as the edge does.
  var directions: [Double]

  init(
    _ tensors: [TensorSums], members: [Int], parents: [Int?], direction: Direction,
    options: LineageOptions
  ) {
    let m = members.count
    edges = Array(repeating: 1, count: m)
    directions = Array(repeating: 1, count: m)
    let terms = Terms(tensors, members: members, options: options)
    guard m > 1, terms.count > 0, options.replicates > 0 else { return }
    let pairs = PairIndex(m)
    let replicates = options.replicates
    let weights = Self.weights(replicates: replicates, tensors: terms.count, seed: options.seed)
    let distance = Self.product(weights, terms.distance, replicates, terms.count, pairs.count)
    let forward = Self.product(weights, terms.forward, replicates, terms.count, pairs.count)
    let backward = Self.product(weights, terms.backward, replicates, terms.count, pairs.count)
    let shared = Self.product(weights, terms.shared, replicates, terms.count, pairs.count)
    let shrinkage = direction.shrinkage.submatrix(members)

    var sameEdge = Array(repeating: 0, count: m)
    var sameOrder = Array(repeating: 0, count: m)
    for replicate in 0..<replicates {
      var d = SquareMatrix(m)
      var t = SquareMatrix(m)
      let offset = replicate * pairs.count
      pairs.forEach { p, i, j in
        let at = offset + p
        d.setBoth(i, j, terms.distanceValue(distance[at], shared: shared[at]))
        let evidence = terms.evidence(forward[at], backward[at], shrinkage[i, j])
        t[i, j] = evidence < 0 ? 1 : 0
        t[j, i] = evidence > 0 ? 1 : 0
      }
      let found = Arborescence.parents(
        Cost.matrix(distances: d, direction: t, lambda: options.lambda))
      for child in 0..<m {
        guard let parent = parents[child] else { continue }
        if found[child] == parent { sameEdge[child] += 1 }
        if t[parent, child] == 0 { sameOrder[child] += 1 }
      }
    }
    for child in 0..<m where parents[child] != nil {
      edges[child] = Double(sameEdge[child]) / Double(replicates)
      directions[child] = Double(sameOrder[child]) / Double(replicates)
    }
  }

  /// Draws as many tensors as there are, with replacement, for each replicate; counts how often
  /// each was drawn.
  private static func weights(replicates: Int, tensors: Int, seed: UInt64) -> [Double] {
    var random = RandomStream(seed: seed)
    var weights = Array(repeating: 0.0, count: replicates * tensors)
    for replicate in 0..<replicates {
      for _ in 0..<tensors {
        weights[replicate * tensors + Int.random(in: 0..<tensors, using: &random)] += 1
      }
    }
    return weights
  }

  /// (rows x inner) times (inner x columns), row-major.
  private static func product(_ a: [Double], _ b: [Double], _ rows: Int, _ inner: Int, _ columns: Int)
    -> [Double]
  {
    // One thread: the order of additions, and with it the last bit, stays the same everywhere.
    openblas_set_num_threads(1)
    var c = Array(repeating: 0.0, count: rows * columns)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), 1, a,
      Int32(inner), b, Int32(columns), 0, &c, Int32(columns))
    return c
  }
}

/// What one family's pairs owe to each tensor; tensors x pairs, row-major.
private struct Terms {
  var count = 0
  var distance: [Double] = []
  /// Energy or kurtosis of the pair's first and second model.
  var forward: [Double] = []
  var backward: [Double] = []
  /// 1 where both models have the tensor.
  var shared: [Double] = []
  private let options: LineageOptions

  init(_ tensors: [TensorSums], members: [Int], options: LineageOptions) {
    self.options = options
    let pairs = PairIndex(members.count)
    let positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
    for tensor in Evidence.linear(tensors) {
      let inside = tensor.models.map { positions[$0] }
      guard inside.count(where: { $0 != nil }) > 1 else { continue }
      count += 1
      let base = distance.count
      for array in [\Terms.distance, \.forward, \.backward, \.shared] {
        self[keyPath: array].append(contentsOf: repeatElement(0, count: pairs.count))
      }
      let scores = tensor.sums.moments.map { options.stage == .auto ? $0.energy : $0.finiteKurtosis }
      tensor.forEachPair { p, a, b in
        guard let i = inside[a], let j = inside[b] else { return }
        let at = base + pairs(i, j)
        distance[at] =
          switch options.metric {
          case .l2: tensor.sums.l2[p]
          case .l1: tensor.sums.l1[p]
          case .auto, .max: tensor.sums.l2[p].squareRoot()
          }
        forward[at] = scores[a]
        backward[at] = scores[b]
        shared[at] = 1
      }
    }
  }

  func distanceValue(_ sum: Double, shared: Double) -> Double {
    guard shared > 0 else { return .nan }
    return switch options.metric {
    case .l2: sum.squareRoot()
    case .l1: sum
    case .auto, .max: sum / shared
    }
  }

  func evidence(_ forward: Double, _ backward: Double, _ shrinkage: Double) -> Double {
    switch options.stage {
    case .auto:
      forward > 0 && backward > 0
        ? Logarithm.of(backward) - Logarithm.of(forward) - 2 * shrinkage : 0
    case .specialization: forward - backward
    case .generalization: backward - forward
    }
  }
}

extension Moments {
  /// Kurtosis, 0 for constant tensors, which say nothing.
  var finiteKurtosis: Double { kurtosis.isNaN ? 0 : kurtosis }
}
