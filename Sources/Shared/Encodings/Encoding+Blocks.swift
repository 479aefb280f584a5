internal import CKernels

extension Encoding {
  /// One of GGUF's blocks.
  ///
  /// - Parameter noise: mean squared error of normally distributed weights over their mean square, measured with
  ///   the quantizers of Tests/Oracle/gguf_blocks.py. Roundings of two parallel vectors are independent at worst, and
  ///   `1 - cosine` is as large as that; twice as much is granted to short rows, but never so much that unrelated rows
  ///   would count as parallel.
  init(
    _ name: String, _ format: mt_blocks, blockElements: Int, blockBytes: Int, roundoff: Double, noise: Double
  ) {
    self.init(
      name, blockElements: blockElements, blockBytes: blockBytes, roundoff: roundoff, noise: noise,
      collinearity: min(2 * noise, 0.5)
    ) { blocks, numbers in
      mt_decode_blocks(format, blocks.bytes, numbers, blocks.count)
    }
  }
}
