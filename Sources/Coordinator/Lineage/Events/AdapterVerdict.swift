/// What was found of one adapter.
package struct AdapterVerdict: Sendable, Equatable {
  /// Model number.
  package var adapter: Int
  /// Model number; nil: none of the models fits.
  package var base: Int?
  /// Probability of the base, or of its absence.
  package var support: Double
  /// Largest of any change.
  package var rank: Int
  /// From the base.
  package var distance: Double
}
