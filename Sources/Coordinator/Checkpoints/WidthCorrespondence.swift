package import Core

/// What a narrower transformer has kept of a wider one, and what speaks for it.
package struct WidthCorrespondence: Sendable, Hashable, Codable {
  /// The id of the wider model that the coordinates were found with.
  package var reference: String
  package var kept: KeptWidth
  /// Median cosine of maps that nothing was fitted to; about 0 for strangers.
  package var likeness: Double
  /// Units that were identified twice, by different maps, with the same result; and how many there are.
  package var agreements: Int
  package var matched: Int
  /// Of so many agreements between networks that were initialized independently, corrected for all attempts.
  package var probability: Double

  package init(
    reference: String, kept: KeptWidth, likeness: Double, agreements: Int, matched: Int, probability: Double
  ) {
    self.reference = reference
    self.kept = kept
    self.likeness = likeness
    self.agreements = agreements
    self.matched = matched
    self.probability = probability
  }
}
