/// What a narrower transformer has kept of a wider one, and what speaks for it.
package struct WidthCorrespondence: Sendable, Hashable, Codable {
  /// The id of the wider model that the coordinates were found with.
  package var reference: String
  /// Coordinates of the residual stream.
  package var hidden: Part
  /// Units of all MLPs.
  package var units: Part
  /// Heads of all layers.
  package var heads: Part
  package var layers: Part
  /// Weights of the wider model that have a counterpart, of those in tensors that both have.
  package var weights: Part
  /// Median cosine of maps that nothing was fitted to; about 0 for strangers.
  package var likeness: Double
  /// Units that were identified twice, by different maps, with the same result; and how many there are.
  package var agreements: Int
  package var matched: Int
  /// Of so many agreements between networks that were initialized independently, corrected for all attempts.
  package var probability: Double

  package struct Part: Sendable, Hashable, Codable {
    package var kept: Int
    package var of: Int
    /// Which, as ranges (`0-15 20 24-31`); of units and heads layer by layer (`0: 0-3; 1: 1-4`).
    package var which: String?

    package init(kept: Int, of count: Int, which: String? = nil) {
      self.kept = kept
      of = count
      self.which = which
    }
  }

  package init(
    reference: String, hidden: Part, units: Part, heads: Part, layers: Part, weights: Part, likeness: Double,
    agreements: Int,
    matched: Int, probability: Double
  ) {
    self.reference = reference
    self.hidden = hidden
    self.units = units
    self.heads = heads
    self.layers = layers
    self.weights = weights
    self.likeness = likeness
    self.agreements = agreements
    self.matched = matched
    self.probability = probability
  }
}
