package import Core

/// The second reading by the published rules: distances within families, and what resampling starts from.
package struct PublishedPairs: PairEvidence {
  /// What one tensor says.
  struct Row: Sendable {
    /// Per pair of models, NaN where it has none; empty where the tensor does not count for the distance.
    var distances: [Float]
    /// Per model, 0 where it has none; empty where the tensor does not count for the score.
    var kurtosis: [Double]
  }

  private let metric: DistanceMetric
  private let stage: Stage
  private let layers: PublishedRules.Layers
  private let scores: [Double]
  /// Family number per model.
  private let families: [Int]
  let index: PairIndex
  private(set) var rows: [Row] = []
  package private(set) var distances: SquareMatrix

  /// - Parameters:
  ///   - scores: per model, of all tensors.
  ///   - families: family number per model.
  init(
    _ metric: DistanceMetric, _ stage: Stage, _ layers: PublishedRules.Layers, scores: [Double], families: [Int]
  ) {
    self.metric = metric
    self.stage = stage
    self.layers = layers
    self.scores = scores
    self.families = families
    index = PairIndex(families.count)
    distances = SquareMatrix(families.count, filledWith: .nan)
    for i in families.indices { distances[i, i] = 0 }
  }

  package var evidence: SquareMatrix { PublishedRules.evidence(scores, stage) }

  package mutating func add(_ view: TensorView, _ scope: Scope) {
    let tensor = view.tensor
    let isMeasured = layers.distance.includes(tensor)
    let isScored = layers.score.includes(tensor)
    guard isMeasured || isScored else { return }
    var row = Row(distances: [], kurtosis: [])
    if isScored {
      row.kurtosis = Array(repeating: 0, count: families.count)
      for (model, value) in zip(tensor.models, view.kurtosis) { row.kurtosis[model] = value }
    }
    if isMeasured {
      let terms = terms(tensor)
      row.distances = Array(repeating: .nan, count: index.count)
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        guard families[i] == families[j] else { return }
        row.distances[index(i, j)] = Float(terms[p])
        distances.setBoth(i, j, PublishedRules.combined(distances[i, j], terms[p], metric))
      }
    }
    rows.append(row)
  }

  /// What the tensor adds to the distance of each pair of its models.
  private func terms(_ tensor: TensorSums) -> [Double] {
    guard metric == .motherFT else { return tensor.sums.l2.indices.map { PublishedRules.rank(tensor, $0) } }
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
