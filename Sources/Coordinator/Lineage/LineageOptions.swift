/// Options of the solver alone: after a change, no weight is read again.
package struct LineageOptions: Sendable, Equatable, Codable {
  package var metric: DistanceMetric
  package var stage: Stage
  /// Extra cost of an edge against the direction, in mean distances (paper: 0.3).
  package var lambda: Double
  /// Number of families for Ward linkage; nil: by relatedness.
  package var families: Int?
  /// Of the published rules: parts of the names of the square matrices that count for the distance and for the
  /// score, such as `query|key`; nil: all of them; see `SquareLayers`.
  package var distanceLayers: String?
  package var scoreLayers: String?
  /// Resamplings of the tensors from which the support is counted.
  package var replicates: Int
  /// Seed of the resampling.
  package var seed: UInt64

  package init(
    metric: DistanceMetric = .auto, stage: Stage = .auto, lambda: Double = 0.3, families: Int? = nil,
    distanceLayers: String? = nil, scoreLayers: String? = nil,
    replicates: Int = 200, seed: UInt64 = 1
  ) {
    self.metric = metric
    self.stage = stage
    self.lambda = lambda
    self.families = families
    self.distanceLayers = distanceLayers
    self.scoreLayers = scoreLayers
    self.replicates = replicates
    self.seed = seed
  }
}
