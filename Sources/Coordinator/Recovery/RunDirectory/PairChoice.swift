/// Which pairs of models are compared weight by weight.
package enum PairChoice: String, Sendable, Codable, CaseIterable {
  /// All, unless these take too much memory or disk.
  ///
  /// Fixed, so that the outcome does not depend on the machine.
  case auto
  case all
  /// Those within sections, see `CollectionSections`.
  case sections

  /// What comparing all pairs may take of the coordinator's memory, and of the disk for the journal, in bytes.
  package static let mostMemory = 4 << 30
  package static let mostJournal = 20_000_000_000
}
