package import Core
internal import TestSeed

/// A tensor as a test writes it, and the values that must come back.
package struct TestTensor: Sendable {
  package var name: String
  /// As safetensors names it.
  package var type: String
  package var shape: [Int]
  package var bytes: [UInt8]
  /// What the bytes stand for; empty for types that hold no weights.
  package var values: [Double]

  /// Rounds the values to the type.
  package init(_ name: String, _ type: ElementType, _ shape: [Int], _ values: [Double]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for \(shape)")
    self.name = name
    self.type = type.rawValue
    self.shape = shape
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * type.bytes)
    var rounded: [Double] = []
    rounded.reserveCapacity(values.count)
    for value in values {
      switch type {
      case .f64:
        bytes.append(littleEndian: value.bitPattern)
        rounded.append(value)
      case .f32:
        bytes.append(littleEndian: Float(value).bitPattern)
        rounded.append(Double(Float(value)))
      case .f16:
        bytes.append(littleEndian: Float16(value).bitPattern)
        rounded.append(Double(Float16(value)))
      case .bf16:
        let bits = Self.brainFloat(Float(value))
        bytes.append(littleEndian: bits)
        rounded.append(Double(Float(bitPattern: UInt32(bits) << 16)))
      }
    }
    self.bytes = bytes
    self.values = rounded
  }

  /// Anything else: integers, odd types, bytes made elsewhere.
  package init(_ name: String, _ type: String, _ shape: [Int], bytes: [UInt8]) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
    values = []
  }

  /// Weights around zero, as networks have them.
  package static func random(
    _ name: String, _ type: ElementType, _ shape: [Int], using random: inout SeededRandom,
    scale: Double = 1
  ) -> TestTensor {
    let count = shape.reduce(1, *)
    return TestTensor(name, type, shape, (0..<count).map { _ in scale * random.nextWeight() })
  }

  /// To nearest, ties to even.
  private static func brainFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    guard value.isFinite else { return UInt16(bits >> 16) }
    return UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
  }
}

extension [UInt8] {
  mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// Weights at random: the same on every machine for the same seed.
package struct SeededRandom: RandomNumberGenerator {
  private var stream: Seeded

  package init(_ seed: UInt64) { stream = Seeded(seed) }

  package mutating func next() -> UInt64 { stream.next() }

  /// Between -1 and 1, most near 0.
  package mutating func nextWeight() -> Double {
    Double.random(in: -1...1, using: &self) * Double.random(in: 0...1, using: &self)
  }
}
