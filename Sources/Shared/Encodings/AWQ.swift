extension Encoding {
  /// AWQ's whole numbers of four bits, packed along the outputs of a linear map, eight to a word in the order 0, 2, 4, 6,
  /// 1, 3, 5, 7 (AutoAWQ, awq/modules/linear/gemm.py, `WQLinear_GEMM.from_linear`). The array is (inputs, outputs); a
  /// weight is (code - zero) * scale of a group of inputs and an output. Zero points are packed in the same order.
  package static let awq = {
    let (roundoff, noise) = evenly(4)
    return Encoding(
      "AWQ_4BIT", .awq, companions: [Companion("scale"), Companion("zero")], roundoff: roundoff, noise: noise)
  }()
}
