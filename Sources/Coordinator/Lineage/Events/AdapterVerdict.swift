/// What was found of one adapter.
package struct AdapterVerdict: Sendable, Equatable {
  /// Model number.
  package var adapter: Int
  /// Model number; nil: none of the models fits.
  package var base: Int?
  /// Why there is no base.
  package var absence: Absence?
  /// Probability of the base, or of its absence.
  package var support: Double
  /// Largest of any change.
  package var rank: Int
  /// From the base.
  package var distance: Double

  package enum Absence: Sendable, Equatable {
    /// The weights of no model here fit.
    case strange
    /// It changes nothing yet, and so fits every model.
    case untrained
    /// No model here has the weights that it changes.
    case incomparable
  }

  package init(
    adapter: Int, base: Int?, absence: Absence? = nil, support: Double, rank: Int, distance: Double
  ) {
    self.adapter = adapter
    self.base = base
    self.absence = absence
    self.support = support
    self.rank = rank
    self.distance = distance
  }
}
