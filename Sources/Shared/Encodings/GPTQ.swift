extension Encoding {
  /// GPTQ's whole numbers of 2, 3, 4 or 8 bits, packed along the inputs of a linear map (AutoGPTQ, qlinear_cuda_old.py,
  /// `QuantLinear.pack`): each 32-bit word holds several inputs of one output; of 3 bits, three words, one below the
  /// other, hold 32 inputs. A weight is scale * (code - zero), scale and zero belong to a group of inputs and an output.
  ///
  /// As an array: a row for each row of words, in it the numbers of the first output, of the second and so on. Whoever
  /// reads it turns blocks into rows, see `Recipe.turned`. Version 1 of the format stores zero points less by 1.
  package static let gptq2 = gptq(2)
  package static let gptq3 = gptq(3)
  package static let gptq4 = gptq(4)
  package static let gptq8 = gptq(8)

  /// The same where inputs belong to groups in any order (`desc_act`): `g_idx` tells the group of each.
  package static let gptq2ByIndex = gptq(2, isIndexed: true)
  package static let gptq3ByIndex = gptq(3, isIndexed: true)
  package static let gptq4ByIndex = gptq(4, isIndexed: true)
  package static let gptq8ByIndex = gptq(8, isIndexed: true)

  private static func gptq(_ bits: Int, isIndexed: Bool = false) -> Encoding {
    let (roundoff, noise) = evenly(bits)
    return Encoding(
      "GPTQ_\(bits)BIT\(isIndexed ? "_ACT" : "")", bits == 3 ? .planes : .stream(bits: bits),
      companions: [Companion("scale"), Companion("zero")] + (isIndexed ? [Companion("index", .rowIndex)] : []),
      planes: bits == 3 ? 3 : 1, roundoff: roundoff, noise: noise)
  }
}
