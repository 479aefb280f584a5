extension Encoding {
  /// torchao's `Int4Tensor` (torchao/quantization/quantize_/workflows/int4/int4_tensor.py): signed numbers of four bits,
  /// packed along rows, the first of two in the lower half of a byte. A weight is code * scale + zero of a group in its
  /// row: "zero points" are the weight in the middle of the range (FBGEMM, gen_ai/quantize.py, `int4_row_quantize_zp` and
  /// `pack_int4`). Scales are stored with a row for each group, see `StoredArray.Companion.isTransposed`.
  package static let torchaoInt4 = {
    let (roundoff, noise) = evenly(4)
    return Encoding(
      "TORCHAO_INT4", .signedFours, companions: [Companion("scale"), Companion("bias")], roundoff: roundoff,
      noise: noise)
  }()
}
