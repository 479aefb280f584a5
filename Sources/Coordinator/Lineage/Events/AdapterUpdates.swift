package import System

/// Which tensors the adapters of a collection change, and how to read the changes.
package struct AdapterUpdates: Sendable {
  /// Per adapter, by model number: the tensors that it changes, by number, ascending.
  package var targets: [Int: [Int]]
  /// Per adapter, by model number: how many changes it makes, those of unknown tensors included.
  package var counts: [Int: Int]
  private let reader: @Sendable (_ tensor: Int) throws(Failure) -> [(adapter: Int, update: LowRankUpdate)]

  package init(
    targets: [Int: [Int]], counts: [Int: Int],
    read: @escaping @Sendable (_ tensor: Int) throws(Failure) -> [(adapter: Int, update: LowRankUpdate)]
  ) {
    self.targets = targets
    self.counts = counts
    reader = read
  }

  /// The changes that adapters make to a tensor, by its number.
  ///
  /// - Throws: what reading the factors throws.
  package func read(_ tensor: Int) throws(Failure) -> [(adapter: Int, update: LowRankUpdate)] { try reader(tensor) }
}
