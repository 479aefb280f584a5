/// The bounds of one kind of whole number.
package protocol NumberKind: Sendable {
  static var range: ClosedRange<Int> { get }
}

/// A whole number from outside, within the bounds of its kind.
///
/// One that is out of bounds cannot be decoded, and sums saturate at the bounds: no arithmetic on these numbers
/// can trap, whatever a peer sends.
package struct Bounded<Kind: NumberKind>: Sendable, Hashable, Comparable, Codable, CustomStringConvertible,
  ExpressibleByIntegerLiteral
{
  package let value: Int

  /// The nearest number within the bounds.
  package init(clamping value: Int) {
    self.value = min(max(value, Kind.range.lowerBound), Kind.range.upperBound)
  }

  package init(integerLiteral value: Int) { self.init(clamping: value) }

  /// - Throws: `DecodingError` when there is no whole number, or one out of bounds.
  package init(from decoder: any Decoder) throws {
    value = try Int(from: decoder)
    guard Kind.range.contains(value) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(value) is not within \(Kind.range)"))
    }
  }

  package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  package static func < (a: Self, b: Self) -> Bool { a.value < b.value }

  package static func + (a: Self, b: Self) -> Self {
    let (sum, isTooLarge) = a.value.addingReportingOverflow(b.value)
    return Self(clamping: isTooLarge ? (a.value < 0 ? .min : .max) : sum)
  }

  package static func += (a: inout Self, b: Self) { a = a + b }

  package var description: String { "\(value)" }
}

/// Bytes of files or memory: at most as many as every reader of JSON has exactly, 9 PB.
package enum ByteKind: NumberKind {
  package static let range = 0...1 << 53
}

package typealias ByteTotal = Bounded<ByteKind>

/// Things that one process has or has done: threads, shards, attempts.
package enum CountKind: NumberKind {
  package static let range = 0...1 << 31
}

package typealias Count = Bounded<CountKind>

/// Seconds that a peer says something took: finite, not negative, at most thirty years.
package struct Seconds: Sendable, Hashable, Codable {
  package let value: Double

  private static let range = 0.0...1e9

  /// The nearest number within the bounds; 0 for NaN.
  package init(clamping value: Double) {
    self.value = value.isNaN ? 0 : min(max(value, Self.range.lowerBound), Self.range.upperBound)
  }

  /// - Throws: `DecodingError` when there is no number, or one out of bounds.
  package init(from decoder: any Decoder) throws {
    value = try Double(from: decoder)
    guard Self.range.contains(value) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(value) is not within \(Self.range)"))
    }
  }

  package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
