internal import CKernels

extension Encoding {
  /// A power of two, 2^(byte - 127); 255 is NaN (OCP Microscaling Formats specification, version 1.0, 2023; PyTorch's
  /// `float8_e8m0fnu`). Only scales are stored in it.
  package static let f8e8m0 = Encoding("F8_E8M0", blockBytes: 1, roundoff: 0.5, collinearity: 0.5) { blocks, numbers in
    mt_decode_e8m0(blocks.bytes, numbers, blocks.count)
  }
}
