/// What was undone to bring a disguised model into the coordinates of another one, and what speaks for it.
package struct Restoration: Sendable, Hashable, Codable {
  /// The id of the model whose coordinates these are.
  package var reference: String
  /// In the words of `tree.json`.
  package var transforms: [String]
  /// Median cosine of maps that nothing was fitted to; about 0 for strangers.
  package var likeness: Double
  /// Units of MLPs that were identified twice, by different maps, with the same result; and how many there are.
  package var agreements: Int
  package var units: Int
  /// Of so many agreements between networks that were initialized independently, corrected for all attempts.
  package var probability: Double
  /// Models in the same coordinates before have the same number.
  package var group: Int

  /// Did it take more than another order and other signs?
  package var isByArithmetic: Bool { transforms.contains { $0 != "permuted" } }

  package init(
    reference: String, transforms: [String], likeness: Double, agreements: Int, units: Int, probability: Double,
    group: Int
  ) {
    self.reference = reference
    self.transforms = transforms
    self.likeness = likeness
    self.agreements = agreements
    self.units = units
    self.probability = probability
    self.group = group
  }
}
