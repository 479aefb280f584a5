/// Which pairs of models are compared weight by weight.
package enum PairChoice: String, Sendable, Codable, CaseIterable {
  /// All, unless these take too much memory or disk.
  case auto
  case all
  /// Those within sections, see `CollectionSections`.
  case sections
}
