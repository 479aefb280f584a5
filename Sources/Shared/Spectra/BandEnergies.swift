public import Core

/// Where along the singular spectrum the energy of a matrix lies.
public enum BandEnergies {
  /// Sums of squares of the singular values in `SpectrumGrid.bands` parts of equal number, the
  /// largest values first.
  public static func of(_ values: inout [Double], shape: SampleShape) -> [Double] {
    let squares = SingularValues.squares(&values, shape: shape)
    let bands = SpectrumGrid.bands
    return (0..<bands).map { band in
      let from = squares.count - (band + 1) * squares.count / bands
      let to = squares.count - band * squares.count / bands
      return squares[from..<to].reduce(0, +)
    }
  }
}
