package import Core

/// Where along the singular spectrum the energy of a matrix lies.
package enum BandEnergies {
  /// Sums of squares of the singular values in `SpectrumGrid.bands` parts of equal number, the
  /// largest values first, of the same block of each model.
  package static func of(_ block: SampleBlock) -> [Double] {
    let side = min(block.shape.rows, block.shape.columns)
    let squares = SingularValues.squares(block.values, shape: block.shape)
    let bands = SpectrumGrid.bands
    return stride(from: 0, to: squares.count, by: max(1, side)).flatMap { start in
      (0..<bands).map { band in
        let from = start + side - (band + 1) * side / bands
        let to = start + side - band * side / bands
        return squares[from..<to].reduce(0, +)
      }
    }
  }
}
