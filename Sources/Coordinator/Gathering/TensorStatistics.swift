package import Core
internal import Lineage
package import Planning
package import System
internal import Wire

/// The fourth stage of a recovery: the sums of all shards, tensor by tensor.
///
/// Partials are added up in the order of the shards, so that the bits do not depend on who computed what. One tensor is
/// in memory at a time; the next one, if it is small, is prepared while the caller works on it, and tiny ones are
/// prepared together.
package struct TensorStatistics: TensorSource, Sendable {
  /// Most bytes of partials that are read ahead: little compared with what the program needs anyway.
  private static let mostAhead = 32 << 20
  /// Bytes that are worth waking another thread for.
  private static let enoughAhead = 256 << 10

  private let plan: Plan
  private let partial: @Sendable (ShardID) throws(Failure) -> [UInt8]?

  /// - Parameter partial: the encoded partial of a shard; nil when it is missing. Called from another thread.
  package init(_ plan: Plan, partial: @escaping @Sendable (ShardID) throws(Failure) -> [UInt8]?) {
    self.plan = plan
    self.partial = partial
  }

  package var roles: [TensorRole] { plan.tensors.map(\.role) }

  package var models: [[Int]] { plan.tensors.map(\.models) }

  /// - Throws: `Failure` when a partial is missing or damaged, and what the body throws.
  package func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    var numbers = plan.tensors.indices[...]
    var shards = plan.shards[...]
    func next() -> (() throws(Failure) -> [TensorSums])? {
      var group: [(number: Int, shards: ArraySlice<Shard>)] = []
      var size = 0
      while size < Self.enoughAhead, let number = numbers.popFirst() {
        let own = shards.prefix { $0.tensor == number }
        shards.removeFirst(own.count)
        guard isWanted(number) else { continue }
        group.append((number, own))
        size += bytes(own)
      }
      guard !group.isEmpty else { return nil }
      let make: @Sendable () throws(Failure) -> [TensorSums] = { [group] () throws(Failure) in
        var tensors: [TensorSums] = []
        for (number, shards) in group { tensors.append(try sums(of: number, shards)) }
        return tensors
      }
      return size <= Self.mostAhead ? Prefetched(make).value : make
    }
    var waiting = next()
    while let current = waiting {
      let tensors = try current()
      waiting = next()
      for tensor in tensors { try body(tensor) }
    }
  }

  private func bytes(_ shards: ArraySlice<Shard>) -> Int {
    shards.reduce(0) { $0 + PartialCodec.encodedBytes(of: plan.schema(of: $1)) }
  }

  private func sums(of number: Int, _ shards: ArraySlice<Shard>) throws(Failure) -> TensorSums {
    let tensor = plan.tensors[number]
    var sums = Partial(PartialSchema(models: tensor.copies.count, statistics: tensor.statistics))
    var places: [SampleGrid.Place] = []
    for shard in shards {
      sums.merge(try decoded(shard, of: tensor))
      places += plan.samples(of: shard)
    }
    return TensorSums(
      name: tensor.name, role: tensor.role, part: tensor.part, shape: tensor.shape, models: tensor.models,
      sums: sums, places: places)
  }

  private func decoded(_ shard: Shard, of tensor: PlannedTensor) throws(Failure) -> Partial {
    guard let bytes = try partial(shard.id) else {
      throw Failure(
        .resumable, "shard \(shard.id) (tensor '\(tensor.name.printable)') is not finished",
        advice: "run the same command again")
    }
    do {
      return try PartialCodec.decode(
        bytes, as: plan.schema(of: shard), coordinates: shard.coordinates.count, columns: tensor.shape.columns)
    } catch {
      throw .badInput(
        "the journal's entry for shard \(shard.id) (tensor '\(tensor.name.printable)') is damaged: \(error)",
        advice: "start over with --redo")
    }
  }
}
