internal import CKernels

/// How whole numbers of a few bits, or indices of numbers, lie in bytes.
enum PackedCodes {
  /// A little-endian stream: eight numbers take as many bytes as one takes bits, 2 to 8.
  case stream(bits: Int)
  /// Words of eight numbers of four bits, in the order in which AWQ's kernels unpack them.
  case awq
  /// Three bits in three rows of words; see `mt_decode_planes3`.
  case planes
  /// A signed byte each.
  case bytes
  /// Signed numbers of four bits, the first of two in the lower half of a byte.
  case signedFours
  /// Of each byte, or of each little-endian word of four bytes, `bits` bits from `shift` on.
  case field(bytes: Int, bits: Int, shift: Int)
  case e4m3
  case e5m2

  /// Of the first to the eighth number in a word: from the lowest bits on.
  static let ascending: [UInt32] = [0, 4, 8, 12, 16, 20, 24, 28]
  /// The first of two numbers is the higher half of a byte.
  static let highFirst: [UInt32] = [4, 0, 12, 8, 20, 16, 28, 24]
  private static let awqShifts: [UInt32] = [0, 16, 4, 20, 8, 24, 12, 28]

  var blockElements: Int {
    switch self {
    case .stream, .awq: 8
    case .planes: 32
    case .signedFours: 2
    case .bytes, .field, .e4m3, .e5m2: 1
    }
  }

  var blockBytes: Int {
    switch self {
    case .stream(let bits): bits
    case .awq: 4
    case .planes: 12
    case .field(let bytes, _, _): bytes
    case .bytes, .signedFours, .e4m3, .e5m2: 1
    }
  }

  func decode(_ blocks: EncodedBlocks, to numbers: UnsafeMutablePointer<Float>) {
    switch self {
    case .stream(4): mt_decode_fours(blocks.bytes, numbers, blocks.count, Self.ascending)
    case .stream(let bits): mt_decode_stream(blocks.bytes, numbers, blocks.count, Int32(bits))
    case .awq: mt_decode_fours(blocks.bytes, numbers, blocks.count, Self.awqShifts)
    case .planes: mt_decode_planes3(blocks.bytes, 4 * blocks.count, numbers, blocks.count)
    case .bytes: mt_decode_i8(blocks.bytes, numbers, blocks.count)
    case .signedFours: mt_decode_i4(blocks.bytes, numbers, blocks.count)
    case .field(1, let bits, let shift):
      mt_decode_field8(blocks.bytes, numbers, blocks.count, UInt32(shift), 1 << UInt32(bits) - 1)
    case .field(_, let bits, let shift):
      mt_decode_field32(blocks.bytes, numbers, blocks.count, UInt32(shift), 1 << UInt32(bits) - 1)
    case .e4m3: mt_decode_e4m3(blocks.bytes, numbers, blocks.count)
    case .e5m2: mt_decode_e5m2(blocks.bytes, numbers, blocks.count)
    }
  }
}

extension Encoding {
  /// Codes that scales, and zero points or biases where there are such, make numbers.
  ///
  /// - Parameters:
  ///   - companions: "scale" first; "zero" is subtracted before, "bias" added after multiplying.
  ///   - offset: subtracted from every code, where there is no zero point.
  ///   - steps: of the largest weight of a tile, as far as a code goes.
  init(
    _ name: String, _ codes: PackedCodes, companions: [Companion], offset: Float = 0, planes: Int = 1,
    roundoff: Double, noise: Double
  ) {
    let zero = companions.firstIndex { $0.name == "zero" }
    let bias = companions.firstIndex { $0.name == "bias" }
    let size = codes.blockElements
    self.init(
      name, blockElements: size, blockBytes: codes.blockBytes, planes: planes, companions: companions,
      roundoff: roundoff, noise: noise, collinearity: min(2 * noise, 0.5)
    ) { blocks, numbers in
      codes.decode(blocks, to: numbers)
      if offset != 0 { mt_affine(numbers, 1, blocks.count * size, [1], [offset], nil) }
      blocks.scale(numbers, blocksOf: size, by: 0, zero: zero, bias: bias)
    }
  }

  /// Unit roundoff, as a share of the largest weight, and mean squared error of numbers of `bits` bits that are evenly
  /// spaced between the least and the largest weight of some 64, which lie some 2.4 standard deviations from the mean.
  static func evenly(_ bits: Int) -> (roundoff: Double, noise: Double) { evenly(levels: 1 << bits) }

  /// The same of numbers that have so many values.
  static func evenly(levels: Int) -> (roundoff: Double, noise: Double) {
    let step = 2 / Double(levels - 1)
    return (step / 2, step * step * 2.4 * 2.4 / 12)
  }
}
