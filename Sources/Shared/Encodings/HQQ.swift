extension Encoding {
  /// Half-Quadratic Quantization's whole numbers (the package `hqq`, core/bitpack.py and core/quantize.py,
  /// `Quantizer.dequantize`): a weight is (code - zero) * scale of its group.
  ///
  /// The rows of a matrix of codes are cut into as many equal parts as a byte has room for, or a word of 32 bits in case
  /// of 3 bits, and the parts lie on top of each other: the first in the highest bits. An encoding reads one part; where
  /// the groups are in it is up to whoever puts the parts together. hqq rounds to its compute type after each step, which
  /// is not done here.
  package static func hqq(_ width: HQQWidth, part: Int) -> Encoding? {
    let parts = parts[width] ?? []
    return parts.indices.contains(part) ? parts[part] : nil
  }

  static let hqq: [Encoding] = HQQWidth.allCases.flatMap { parts[$0] ?? [] }

  private static let parts = Dictionary(uniqueKeysWithValues: HQQWidth.allCases.map { ($0, parts(of: $0)) })

  private static func parts(of width: HQQWidth) -> [Encoding] {
    let (bits, count, bytes) = (width.packing.bits, width.packing.parts, width.packing.bytes)
    var (roundoff, noise) = evenly(levels: width.levels)
    // Two values for each group: measured, as their errors are not spread evenly any more.
    if width == .one { (roundoff, noise) = (1, 2.7) }
    return (0..<count).map { part in
      Encoding(
        count == 1 ? width.name : "\(width.name)#\(part)",
        .field(bytes: bytes, bits: bits, shift: (count - 1 - part) * bits),
        companions: [Companion("scale"), Companion("zero")], roundoff: roundoff, noise: noise)
    }
  }
}

/// Bits of a number of HQQ.
package enum HQQWidth: String, Sendable, CaseIterable {
  case eight = "8"
  case six = "6"
  case five = "5"
  case four = "4"
  case three = "3"
  case two = "2"
  /// Three values.
  case ternary = "1.58"
  case one = "1"

  /// How numbers of a width are packed, as hqq calls it.
  package struct Packing: Sendable, Hashable {
    package let name: String
    /// Of a number, as far as they are stored.
    package let bits: Int
    /// Numbers in a byte or word.
    package let parts: Int
    /// Of a byte or word.
    package let bytes: Int
  }

  package var packing: Packing {
    switch self {
    case .eight, .six, .five: Packing(name: "8bit_u8", bits: 8, parts: 1, bytes: 1)
    case .four: Packing(name: "4bit_u8", bits: 4, parts: 2, bytes: 1)
    case .three: Packing(name: "3bit_32", bits: 3, parts: 10, bytes: 4)
    case .two, .ternary: Packing(name: "2bit_u8", bits: 2, parts: 4, bytes: 1)
    case .one: Packing(name: "1bit_u8", bits: 1, parts: 8, bytes: 1)
    }
  }

  /// What people call the encoding.
  package var name: String { "HQQ_\(rawValue)BIT" }

  fileprivate var levels: Int {
    switch self {
    case .six: 64
    case .five: 32
    case .ternary: 3
    case .eight, .four, .three, .two, .one: 1 << packing.bits
    }
  }
}
