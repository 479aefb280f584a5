/// One compared tensor with all its sums: everything that the lineage rules see of its weights.
package struct TensorSums: Sendable {
  package var name: String
  package var role: TensorRole
  /// Where in the network it is.
  package var part: NetworkPart
  package var shape: TensorShape
  /// Models that have the tensor, ascending; positions in `sums` refer to this list.
  package var models: [Int]
  package var sums: Partial
  /// Ranks of the differences per pair; nil where weights are not finite, empty when not asked for.
  package var ranks: [DifferenceRank?] = []
  /// Mean squared error of each model's encoding over the mean square of weights; empty where it is not known.
  package var noise: [Double] = []
  /// Of that error, what is at right angles to all else: see `LineageProblem.independentNoise`.
  package var independentNoise: [Double] = []
  /// The positions of the samples of `sums` in the tensor.
  package var places: [SampleGrid.Place]

  package init(
    name: String, role: TensorRole, part: NetworkPart = .body, shape: TensorShape, models: [Int], sums: Partial,
    places: [SampleGrid.Place] = []
  ) {
    self.name = name
    self.role = role
    self.part = part
    self.shape = shape
    self.models = models
    self.sums = sums
    self.places = places
  }

  /// Calls `body` for every pair of models that have the tensor: position in the pair arrays,
  /// positions in `models`.
  @inlinable
  package func forEachPair(_ body: (_ pair: Int, _ a: Int, _ b: Int) -> Void) {
    PairIndex(models.count).forEach(body)
  }
}
