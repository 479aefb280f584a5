/// Position of a shard in the plan. Partials are added up in this order.
package struct ShardID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let value: Int
  package init(_ value: Int) { self.value = value }
  package static func < (a: ShardID, b: ShardID) -> Bool { a.value < b.value }
  package var description: String { "\(value)" }
  package init(from decoder: any Decoder) throws { value = try Int(from: decoder) }
  package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

/// The unit of distributed work: a range of coordinates of one tensor, for all models that have it.
package struct Shard: Sendable, Hashable {
  package let id: ShardID
  /// Position of the tensor in the plan.
  package let tensor: Int
  /// Flat, row-major coordinates; whole rows of the tensor.
  package let coordinates: Range<Int>
  /// Number of submatrices whose weights are kept; see `SampleGrid`.
  package let samples: Int
  /// Shorter side of the block whose spectrum is taken, 0 for none; see `SpectrumGrid`.
  package let spectrum: Int
  /// Pieces that it is cut into, so that several workers can share it; see `ShardPart`.
  package let pieces: Int

  package init(
    id: ShardID, tensor: Int, coordinates: Range<Int>, samples: Int = 0, spectrum: Int = 0, pieces: Int = 1
  ) {
    self.id = id
    self.tensor = tensor
    self.coordinates = coordinates
    self.samples = samples
    self.spectrum = spectrum
    self.pieces = pieces
  }

  /// The part that is all of it.
  package var whole: ShardPart { ShardPart(wholeOf: pieces) }
}

/// The sums that a shard computes besides squared distances and moments, which are always computed.
package struct Statistics: OptionSet, Sendable, Hashable, Codable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// - Throws: `DecodingError` that says where, when it is no set of these.
  package init(from decoder: any Decoder) throws {
    let number = try Int(from: decoder)
    guard let value = UInt8(exactly: number) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(number) is not within 0...255"))
    }
    rawValue = value
  }

  package func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }

  /// Sum of absolute differences per pair.
  package static let l1 = Statistics(rawValue: 1)
  /// Largest absolute difference per pair.
  package static let max = Statistics(rawValue: 2)
  /// Shrinkage of collinear rows per pair, for embedding tables.
  package static let shrinkage = Statistics(rawValue: 4)
  /// Energies of the parts of the singular spectrum per model, for linear maps.
  package static let spectrum = Statistics(rawValue: 8)
  /// Two-sided sketches of matrices, from which ranks of differences follow; see `SketchMap`.
  package static let sketch = Statistics(rawValue: 16)
  /// Least and largest difference per pair, with their signs: first model minus second.
  package static let extremes = Statistics(rawValue: 32)
  /// A restriction: the other sums are computed for square matrices only. Used in requests, never in a shard.
  package static let square = Statistics(rawValue: 64)

  /// Arrays of one number per pair that a partial with these statistics holds.
  package var pairArrays: Int {
    1 + (contains(.l1) ? 1 : 0) + (contains(.max) ? 1 : 0) + (contains(.shrinkage) ? 2 : 0)
      + (contains(.extremes) ? 2 : 0)
  }
}
