/// How the shards of a run can be shared between workers, and what the sums of parts take until the shards are whole.
package struct Sharing: Sendable, Equatable {
  /// Of each shard, by its place in the plan.
  package struct Shard: Sendable, Equatable {
    /// Pieces that it is cut into, a power of two up to 16; see `ShardPart`.
    package var pieces: Int
    /// Of the sums of any part, in bytes.
    package var sumBytes: Int
    /// Of what its parts have between them, in bytes.
    package var sharedBytes: Int

    package init(pieces: Int, sumBytes: Int = 0, sharedBytes: Int = 0) {
      self.pieces = pieces
      self.sumBytes = sumBytes
      self.sharedBytes = sharedBytes
    }
  }

  /// Empty where all shards stay whole.
  package var shards: [Shard]
  /// What the coordinator has room for.
  package var mostBytes: Int

  package init(shards: [Shard] = [], mostBytes: Int = 0) {
    self.shards = shards.contains { $0.pieces > 1 } ? shards : []
    self.mostBytes = mostBytes
  }
}
