internal import Core

/// What the published rules (Horwitz, Shul, Hoshen 2024) take from the tensors.
///
/// Models are compared on the square matrices that both have, each scored on the compared ones that
/// it has. Other tensors count for nothing; pairs that share no square matrix have no distance.
struct PublishedRules {
  /// One tensor's say, from which resamplings are made.
  struct Row: Sendable {
    /// Per pair of models, NaN where it has none; empty where the tensor is not among the distance's.
    var distances: [Float]
    /// Per model, 0 where it has none; empty where the tensor is not among the score's.
    var kurtosis: [Double]
  }

  let metric: DistanceMetric
  let index: PairIndex
  private let distanceLayers: SquareLayers
  private let scoreLayers: SquareLayers
  private var sums: SquareMatrix
  private var counts: SquareMatrix
  private(set) var scores: [Double]
  private(set) var distances: SquareMatrix
  private(set) var rows: [Row] = []

  init(_ options: LineageOptions, models n: Int) {
    metric = options.metric
    index = PairIndex(n)
    distanceLayers = metric.distanceLayers(options.distanceLayers)
    scoreLayers = metric.scoreLayers(options.scoreLayers)
    sums = SquareMatrix(n)
    counts = sums
    scores = Array(repeating: 0, count: n)
    distances = SquareMatrix(n, filledWith: .nan)
    for i in 0..<n { distances[i, i] = 0 }
  }

  // MARK: First pass: scores, and what families are clustered on

  mutating func count(_ tensor: TensorSums) {
    if scoreLayers.includes(tensor) {
      for (model, value) in zip(tensor.models, Self.kurtosis(tensor)) { scores[model] += value }
    }
    guard distanceLayers.includes(tensor) else { return }
    let elements = Double(tensor.shape.elements)
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      let term = metric == .motherLoRA ? Self.rank(tensor, p) : tensor.sums.l1[p] / elements
      sums.setBoth(i, j, sums[i, j] + term)
      counts.setBoth(i, j, counts[i, j] + 1)
    }
  }

  /// Sums of mean absolute differences, or of ranks; NaN for pairs that share nothing.
  var clustered: SquareMatrix {
    var matrix = sums
    for p in matrix.values.indices where p % (matrix.n + 1) != 0 && counts.values[p] == 0 {
      matrix.values[p] = .nan
    }
    return matrix
  }

  /// Constant tensors have no kurtosis; they add nothing.
  private static func kurtosis(_ tensor: TensorSums) -> [Double] {
    tensor.sums.moments.map { $0.kurtosis.isNaN ? 0 : $0.kurtosis }
  }

  private static func rank(_ tensor: TensorSums, _ pair: Int) -> Double {
    tensor.ranks[pair].map { Double($0.rank) } ?? .nan
  }

  // MARK: Second pass: distances within families

  /// - Parameter families: family number per model.
  mutating func measure(_ tensor: TensorSums, families: [Int]) {
    let isMeasured = distanceLayers.includes(tensor)
    let isScored = scoreLayers.includes(tensor)
    guard isMeasured || isScored else { return }
    var row = Row(distances: [], kurtosis: [])
    if isScored {
      row.kurtosis = Array(repeating: 0, count: families.count)
      for (model, value) in zip(tensor.models, Self.kurtosis(tensor)) { row.kurtosis[model] = value }
    }
    if isMeasured {
      let terms = terms(tensor, families)
      row.distances = Array(repeating: .nan, count: index.count)
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        guard families[i] == families[j] else { return }
        row.distances[index(i, j)] = Float(terms[p])
        distances.setBoth(i, j, Self.combined(distances[i, j], terms[p], metric))
      }
    }
    rows.append(row)
  }

  static func combined(_ sum: Double, _ term: Double, _ metric: DistanceMetric) -> Double {
    guard !sum.isNaN else { return term }
    guard !term.isNaN else { return sum }
    return metric == .motherLoRA ? sum + term : max(sum, term)
  }

  /// Per pair of the tensor's models.
  private func terms(_ tensor: TensorSums, _ families: [Int]) -> [Double] {
    guard metric == .motherFT else { return tensor.sums.l2.indices.map { Self.rank(tensor, $0) } }
    // The extremes of all differences of the family, first model minus second.
    var extremes: [Int: (low: Double, high: Double)] = [:]
    tensor.forEachPair { p, a, b in
      let family = families[tensor.models[a]]
      guard family == families[tensor.models[b]] else { return }
      let known = extremes[family] ?? (.infinity, -.infinity)
      extremes[family] = (min(known.low, tensor.sums.lowest[p]), max(known.high, tensor.sums.highest[p]))
    }
    var terms = tensor.sums.highest
    tensor.forEachPair { p, a, _ in
      guard let (low, high) = extremes[families[tensor.models[a]]] else { return }
      terms[p] = high > low ? (terms[p] - low) / (high - low) : 0
    }
    return terms
  }
}
