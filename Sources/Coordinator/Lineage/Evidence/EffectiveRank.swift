internal import CKernels
package import Core

/// How many directions a difference has: nuclear over Frobenius norm of the sampled submatrix.
package enum EffectiveRank {
  /// Rows and columns that are used; more lead to the same trees.
  private static let side = 32

  /// Pairs that one thread takes at a time.
  private static let portion = 32

  /// Two models, and what each is scaled by.
  package struct Pair: Sendable {
    package var first: Int
    package var second: Int
    package var firstScale: Double
    package var secondScale: Double

    package init(first: Int, second: Int, firstScale: Double, secondScale: Double) {
      self.first = first
      self.second = second
      self.firstScale = firstScale
      self.secondScale = secondScale
    }
  }

  /// The differences of pairs of models in a submatrix.
  ///
  /// - Returns: between 1 (rank one) and the root of the side; NaN where nothing differs, or a weight is
  ///   not finite.
  package static func of(_ block: SampleBlock, _ pairs: [Pair]) -> [Double] {
    let shape = block.shape
    guard shape.count > 0 else { return pairs.map { _ in .nan } }
    let rows = max(1, shape.rows / side)
    let columns = max(1, shape.columns / side)
    let portions = (pairs.count + portion - 1) / portion
    return Parallel.map(portions) { number -> [Double] in
      let part = pairs[number * portion..<min((number + 1) * portion, pairs.count)].map {
        mt_scaled_pair(
          first: $0.first, second: $0.second, first_scale: $0.firstScale, second_scale: $0.secondScale)
      }
      return block.values.withUnsafeBufferPointer { values in
        var matrices = mt_submatrices(
          values: values.baseAddress, model_stride: shape.count, row_stride: rows * shape.columns,
          column_stride: columns, rows: Int32(shape.rows / rows), columns: Int32(shape.columns / columns))
        return [Double](unsafeUninitializedCapacity: part.count) { ranks, count in
          mt_spreads(&matrices, part, part.count, ranks.baseAddress)
          count = part.count
        }
      }
    }.flatMap { $0 }
  }

  /// What the effective rank of a tensor's difference can be at most.
  static func largest(_ shape: TensorShape) -> Double {
    Double(min(side, shape.rows, shape.columns)).squareRoot()
  }
}
