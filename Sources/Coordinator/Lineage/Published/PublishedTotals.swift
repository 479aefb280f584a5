package import Core

/// The first reading by the published rules: scores, and what families are clustered by.
package struct PublishedTotals: ComparisonTotals {
  private let metric: DistanceMetric
  private let layers: PublishedRules.Layers
  private var sums: SquareMatrix
  private var counts: SquareMatrix
  /// Sums of kurtosis over the scored tensors that a model has.
  package private(set) var scores: [Double]

  init(_ metric: DistanceMetric, _ layers: PublishedRules.Layers, models n: Int) {
    self.metric = metric
    self.layers = layers
    sums = SquareMatrix(n)
    counts = sums
    scores = Array(repeating: 0, count: n)
  }

  package mutating func add(_ view: TensorView, _ scope: Scope) {
    let tensor = view.tensor
    if layers.score.includes(tensor) {
      for (model, value) in zip(tensor.models, view.kurtosis) { scores[model] += value }
    }
    guard layers.distance.includes(tensor) else { return }
    let elements = Double(tensor.shape.elements)
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      let term = metric == .motherLoRA ? PublishedRules.rank(tensor, p) : tensor.sums.l1[p] / elements
      sums.setBoth(i, j, sums[i, j] + term)
      counts.setBoth(i, j, counts[i, j] + 1)
    }
  }

  /// Sums of mean absolute differences, or of ranks.
  package var clusteringDistances: SquareMatrix {
    var matrix = sums
    for p in matrix.values.indices where p % (matrix.n + 1) != 0 && counts.values[p] == 0 {
      matrix.values[p] = .nan
    }
    return matrix
  }
}
