extension Encoding {
  /// MLX's whole numbers of 2 to 8 bits, packed along rows as one little-endian stream (mlx/backend/cpu/quantized.cpp,
  /// `affine_quantize`; `mx.quantize`): a weight is scale * code + bias of a group of 32, 64 or 128 in its row.
  package static let mlx2 = mlx(2)
  package static let mlx3 = mlx(3)
  package static let mlx4 = mlx(4)
  package static let mlx5 = mlx(5)
  package static let mlx6 = mlx(6)
  package static let mlx8 = mlx(8)

  private static func mlx(_ bits: Int) -> Encoding {
    let (roundoff, noise) = evenly(bits)
    return Encoding(
      "MLX_\(bits)BIT", .stream(bits: bits), companions: [Companion("scale"), Companion("bias")], roundoff: roundoff,
      noise: noise)
  }
}
