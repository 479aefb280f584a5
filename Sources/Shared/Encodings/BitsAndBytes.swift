internal import CKernels

extension Encoding {
  /// bitsandbytes' four-bit floats: indices into a table of 16 numbers, the first of two in the higher half of a byte,
  /// times the largest weight of their block (bitsandbytes, functional.py, `dequantize_4bit`). Blocks go on over the
  /// ends of rows: the array has a row for each. The table of NF4 holds quantiles of the normal distribution (Dettmers
  /// et al., arXiv 2305.14314).
  package static let nf4 = fourBits("BNB_NF4", roundoff: 0.152, noise: 0.0088)
  package static let fp4 = fourBits("BNB_FP4", roundoff: 0.167, noise: 0.0130)

  /// Largest weights of blocks that were themselves rounded to 8 bits: numbers of a table times the scale of a block.
  package static let bnbNested = Encoding(
    "BNB_NESTED", blockBytes: 1, companions: [Companion("scale"), Companion("table", .table(256))], roundoff: 0x1p-4,
    collinearity: 0
  ) { blocks, numbers in
    let table = blocks.companions[1].numbers
    for k in 0..<blocks.count { numbers[k] = table[Int(blocks.bytes.load(fromByteOffset: k, as: UInt8.self))] }
    blocks.scale(numbers, blocksOf: 1, by: 0)
  }

  /// Signed bytes, of which 127 stands for the largest weight of the row (`SCB`; LLM.int8(), arXiv 2208.07339).
  package static let bnb8 = {
    let (roundoff, noise) = evenly(8)
    return Encoding(
      "BNB_INT8", blockBytes: 1, companions: [Companion("scale")], roundoff: roundoff, noise: noise,
      collinearity: 2 * noise
    ) { blocks, numbers in
      mt_decode_i8(blocks.bytes, numbers, blocks.count)
      blocks.scale(numbers, blocksOf: 1, by: 0)
      // As `int8_vectorwise_dequant` does it, in this order.
      mt_affine(numbers, 1, blocks.count, [1 / 127], nil, nil)
    }
  }()

  private static func fourBits(_ name: String, roundoff: Double, noise: Double) -> Encoding {
    Encoding(
      name, blockElements: 8, blockBytes: 4, companions: [Companion("scale"), Companion("table", .table(16))],
      roundoff: roundoff, noise: noise, collinearity: 2 * noise
    ) { blocks, numbers in
      mt_decode_table(blocks.bytes, numbers, blocks.count, PackedCodes.highFirst, blocks.companions[1].numbers)
      blocks.scale(numbers, blocksOf: 8, by: 0)
    }
  }
}
