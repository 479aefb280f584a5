package import Core

/// How a model was brought into the coordinates of another one, and what speaks for it; the keys are those of `tree.json`.
package struct AlignmentFacts: Sendable, Equatable, Codable {
  /// The id of the model whose coordinates these are.
  package var reference: String
  /// What was undone.
  package var transform: [Transform]
  /// Median cosine of maps that nothing was fitted to; about 0 for strangers.
  package var likeness: Double
  /// Units of MLPs that two separate matchings identified alike, of `units`.
  package var agreements: Int
  package var units: Int
  /// Of so many agreements between networks that were initialized independently.
  package var probability: Double
  /// Of a model that is narrower than the other one: what it has kept of it.
  package var kept: KeptWidth?

  package init(
    reference: String, transform: [Transform], likeness: Double, agreements: Int, units: Int, probability: Double,
    kept: KeptWidth? = nil
  ) {
    self.reference = reference
    self.transform = transform
    self.likeness = likeness
    self.agreements = agreements
    self.units = units
    self.probability = probability
    self.kept = kept
  }

  enum CodingKeys: String, CodingKey {
    case reference, transform, likeness, agreements, units, kept
    case probability = "p"
  }
}
