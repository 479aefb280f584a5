/// One compared tensor with all its sums: everything that the lineage rules see of its weights.
public struct TensorSums: Sendable {
  public var name: String
  public var role: TensorRole
  /// Where in the network it is.
  public var part: NetworkPart
  public var shape: TensorShape
  /// Models that have the tensor, ascending; positions in `sums` refer to this list.
  public var models: [Int]
  public var sums: Partial
  /// Ranks of the differences per pair; nil where weights are not finite, empty when not asked for.
  public var ranks: [DifferenceRank?] = []
  /// Mean squared error of each model's encoding over the mean square of weights; empty where it is not known.
  public var noise: [Double] = []
  /// The positions of the samples of `sums` in the tensor.
  public var places: [SampleGrid.Place]

  public init(
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
  public func forEachPair(_ body: (_ pair: Int, _ a: Int, _ b: Int) -> Void) {
    PairIndex(models.count).forEach(body)
  }
}
