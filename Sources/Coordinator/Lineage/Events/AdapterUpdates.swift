package import System

/// Which tensors the adapters of a collection change, and how to read the changes.
package struct AdapterUpdates: Sendable {
  /// Per adapter, by model number: the tensors that it changes, by number, ascending.
  package var targets: [Int: [Int]]
  /// Per adapter, by model number: how many changes it makes, those of unknown tensors included.
  package var counts: [Int: Int]
  /// The changes that adapters make to a tensor, by its number.
  package var read: @Sendable (_ tensor: Int) throws(Failure) -> [(adapter: Int, update: LowRankUpdate)]

  package init(
    targets: [Int: [Int]], counts: [Int: Int],
    read: @escaping @Sendable (_ tensor: Int) throws(Failure) -> [(adapter: Int, update: LowRankUpdate)]
  ) {
    self.targets = targets
    self.counts = counts
    self.read = read
  }
}
