/// The bounds of one kind of whole number.
public protocol NumberKind: Sendable {
  static var range: ClosedRange<Int> { get }
}

/// A whole number from outside, within the bounds of its kind.
///
/// One that is out of bounds cannot be decoded, and sums saturate at the bounds: no arithmetic on these numbers
/// can trap, whatever a peer sends.
public struct Bounded<Kind: NumberKind>: Sendable, Hashable, Comparable, Codable, CustomStringConvertible,
  ExpressibleByIntegerLiteral
{
  public let value: Int

  /// The nearest number within the bounds.
  public init(clamping value: Int) {
    self.value = min(max(value, Kind.range.lowerBound), Kind.range.upperBound)
  }

  public init(integerLiteral value: Int) { self.init(clamping: value) }

  /// - Throws: `DecodingError` when there is no whole number, or one out of bounds.
  public init(from decoder: any Decoder) throws {
    value = try Int(from: decoder)
    guard Kind.range.contains(value) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(value) is not within \(Kind.range)"))
    }
  }

  public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  public static func < (a: Self, b: Self) -> Bool { a.value < b.value }

  public static func + (a: Self, b: Self) -> Self {
    let (sum, isTooLarge) = a.value.addingReportingOverflow(b.value)
    return Self(clamping: isTooLarge ? (a.value < 0 ? .min : .max) : sum)
  }

  public static func += (a: inout Self, b: Self) { a = a + b }

  public var description: String { "\(value)" }
}

/// Bytes of files or memory: at most as many as every reader of JSON has exactly, 9 PB.
public enum ByteKind: NumberKind {
  public static let range = 0...1 << 53
}

public typealias ByteTotal = Bounded<ByteKind>

/// Things that one process has or has done: threads, shards, attempts.
public enum CountKind: NumberKind {
  public static let range = 0...1 << 31
}

public typealias Count = Bounded<CountKind>

/// Seconds that a peer says something took: finite, not negative, at most thirty years.
public struct Seconds: Sendable, Hashable, Codable {
  public let value: Double

  private static let range = 0.0...1e9

  /// The nearest number within the bounds; 0 for NaN.
  public init(clamping value: Double) {
    self.value = value.isNaN ? 0 : min(max(value, Self.range.lowerBound), Self.range.upperBound)
  }

  /// - Throws: `DecodingError` when there is no number, or one out of bounds.
  public init(from decoder: any Decoder) throws {
    value = try Double(from: decoder)
    guard Self.range.contains(value) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(value) is not within \(Self.range)"))
    }
  }

  public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
