/// Position of a shard in the plan. Partials are added up in this order.
public struct ShardID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  public let value: Int
  public init(_ value: Int) { self.value = value }
  public static func < (a: ShardID, b: ShardID) -> Bool { a.value < b.value }
  public var description: String { "\(value)" }
  public init(from decoder: any Decoder) throws { value = try Int(from: decoder) }
  public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

/// The unit of distributed work: a range of coordinates of one tensor, for all models that have it.
public struct Shard: Sendable, Hashable {
  public let id: ShardID
  /// Position of the tensor in the plan.
  public let tensor: Int
  /// Flat, row-major coordinates; whole rows of the tensor.
  public let coordinates: Range<Int>
  /// Number of submatrices whose weights are kept; see `SampleGrid`.
  public let samples: Int
  /// Shorter side of the block whose spectrum is taken, 0 for none; see `SpectrumGrid`.
  public let spectrum: Int

  public init(
    id: ShardID, tensor: Int, coordinates: Range<Int>, samples: Int = 0, spectrum: Int = 0
  ) {
    self.id = id
    self.tensor = tensor
    self.coordinates = coordinates
    self.samples = samples
    self.spectrum = spectrum
  }
}

/// The sums that a shard computes besides squared distances and moments, which are always computed.
public struct Statistics: OptionSet, Sendable, Hashable, Codable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Sum of absolute differences per pair.
  public static let l1 = Statistics(rawValue: 1)
  /// Largest absolute difference per pair.
  public static let max = Statistics(rawValue: 2)
  /// Shrinkage of collinear rows per pair, for embedding tables.
  public static let shrinkage = Statistics(rawValue: 4)
  /// Energies of the parts of the singular spectrum per model, for linear maps.
  public static let spectrum = Statistics(rawValue: 8)
  /// Two-sided sketches of matrices, from which ranks of differences follow; see `SketchMap`.
  public static let sketch = Statistics(rawValue: 16)
  /// Least and largest difference per pair, with their signs: first model minus second.
  public static let extremes = Statistics(rawValue: 32)
  /// A restriction: the other sums are computed for square matrices only. Used in requests, never in a shard.
  public static let square = Statistics(rawValue: 64)

  /// Arrays of one number per pair that a partial with these statistics holds.
  public var pairArrays: Int {
    1 + (contains(.l1) ? 1 : 0) + (contains(.max) ? 1 : 0) + (contains(.shrinkage) ? 2 : 0)
      + (contains(.extremes) ? 2 : 0)
  }
}
