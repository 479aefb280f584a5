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

  /// What each option may be, from a command line or out of a file.
  package static let lambdas = 0...1e6
  package static let familyCounts = 1...1_000_000
  package static let replicateCounts = 0...10_000
  /// Bytes of `distanceLayers` and of `scoreLayers`.
  private static let wordBytes = 1...4096

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

  /// - Throws: `DecodingError` that names the option which is missing, or beyond what it may be.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func check<Value>(_ value: Value, within range: ClosedRange<Value>, _ key: CodingKeys) throws -> Value {
      guard range.contains(value) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values,
          debugDescription: "found \(value), expected \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    func words(_ key: CodingKeys) throws -> String? {
      guard let text = try values.decodeIfPresent(String.self, forKey: key) else { return nil }
      guard Self.wordBytes.contains(text.utf8.count) else {
        let (least, most) = (Self.wordBytes.lowerBound, Self.wordBytes.upperBound)
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values, debugDescription: "found \(text.utf8.count) bytes, expected \(least) to \(most)")
      }
      return text
    }
    metric = try values.decode(DistanceMetric.self, forKey: .metric)
    stage = try values.decode(Stage.self, forKey: .stage)
    lambda = try check(values.decode(Double.self, forKey: .lambda), within: Self.lambdas, .lambda)
    families = try values.decodeIfPresent(Int.self, forKey: .families).map {
      try check($0, within: Self.familyCounts, .families)
    }
    distanceLayers = try words(.distanceLayers)
    scoreLayers = try words(.scoreLayers)
    replicates = try check(values.decode(Int.self, forKey: .replicates), within: Self.replicateCounts, .replicates)
    // The decoder's own error about a number below zero does not say where it stands.
    guard let seed = try? values.decode(UInt64.self, forKey: .seed) else {
      throw DecodingError.dataCorruptedError(
        forKey: .seed, in: values, debugDescription: "expected a whole number from 0 to \(UInt64.max)")
    }
    self.seed = seed
  }
}
