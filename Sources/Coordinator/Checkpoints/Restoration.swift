/// What was undone to bring a disguised model into the coordinates of another one, and what speaks for it.
public struct Restoration: Sendable, Hashable, Codable {
  /// The id of the model whose coordinates these are.
  public var reference: String
  /// In the words of `tree.json`.
  public var transforms: [String]
  /// Median cosine of maps that nothing was fitted to; about 0 for strangers.
  public var likeness: Double
  /// Units of MLPs that were identified twice, by different maps, with the same result; and how many there are.
  public var agreements: Int
  public var units: Int
  /// Of so many agreements between networks that were initialized independently, corrected for all attempts.
  public var probability: Double
  /// Models in the same coordinates before have the same number.
  public var group: Int

  public init(
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
