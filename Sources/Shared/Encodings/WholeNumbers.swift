internal import CKernels

extension Encoding {
  /// Whole numbers as they are: zero points, indices of groups and of code books. No weights.
  package static let i8 = whole("I8", 1) { blocks, numbers in mt_decode_i8(blocks.bytes, numbers, blocks.count) }
  package static let u8 = whole("U8", 1) { blocks, numbers in mt_decode_u8(blocks.bytes, numbers, blocks.count) }
  package static let i32 = whole("I32", 4) { blocks, numbers in
    for k in 0..<blocks.count {
      numbers[k] = Float(Int32(littleEndian: blocks.bytes.loadUnaligned(fromByteOffset: 4 * k, as: Int32.self)))
    }
  }

  /// Zero points of GPTQ, packed as its weights are, but along rows.
  package static let u2 = packed(.stream(bits: 2), 2)
  package static let u3 = packed(.stream(bits: 3), 3)
  package static let u4 = packed(.stream(bits: 4), 4)
  /// Zero points of AWQ.
  package static let u4AWQ = Encoding("U4_AWQ", blockElements: 8, blockBytes: 4, roundoff: 0, collinearity: 0) {
    blocks, numbers in
    PackedCodes.awq.decode(blocks, to: numbers)
  }

  private static func whole(
    _ name: String, _ bytes: Int, decode: @escaping @Sendable (EncodedBlocks, UnsafeMutablePointer<Float>) -> Void
  ) -> Encoding {
    Encoding(name, blockBytes: bytes, roundoff: 0, collinearity: 0, decode: decode)
  }

  private static func packed(_ codes: PackedCodes, _ bits: Int) -> Encoding {
    Encoding(
      "U\(bits)", blockElements: codes.blockElements, blockBytes: codes.blockBytes, roundoff: 0, collinearity: 0
    ) { blocks, numbers in codes.decode(blocks, to: numbers) }
  }
}
