/// Weights that were brought into other coordinates, and the same ones as they were.
package enum RestoredTolerance {
  private static let arithmetic = 1e-5
  private static let roundings = 2.0

  /// The relative error up to which they are the same: of the arithmetic, and of how they are stored.
  ///
  /// - Parameter rounding: unit roundoff of the type that most weights of the model are stored in.
  package static func relative(rounding: Double) -> Double { max(arithmetic, roundings * rounding) }
}
