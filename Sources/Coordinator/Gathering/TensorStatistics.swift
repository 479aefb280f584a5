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
  private let wholes: [Plan.WholeTensor]
  private let partial: @Sendable (ShardID) throws(Failure) -> [UInt8]?

  /// - Parameter partial: the encoded partial of a shard; nil when it is missing. Called from another thread.
  package init(_ plan: Plan, partial: @escaping @Sendable (ShardID) throws(Failure) -> [UInt8]?) {
    self.plan = plan
    wholes = plan.wholes
    self.partial = partial
  }

  package var roles: [TensorRole] { wholes.map(\.tensor.role) }

  package var models: [[Int]] { wholes.map(\.tensor.models) }

  /// - Throws: `Failure` when a partial is missing or damaged, and what the body throws.
  package func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    var numbers = wholes.indices[...]
    var shards = plan.shards[...]
    func next() -> (() throws(Failure) -> [TensorSums])? {
      var group: [(number: Int, shards: ArraySlice<Shard>)] = []
      var size = 0
      while size < Self.enoughAhead, let number = numbers.popFirst() {
        let blocks = wholes[number].blocks
        let own = shards.prefix { blocks.contains($0.tensor) }
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
    let tensor = wholes[number].tensor
    guard tensor.whole != nil else {
      let (sums, places) = try added(shards, of: tensor)
      return TensorSums(
        name: tensor.name, role: tensor.role, part: tensor.part, shape: tensor.shape, models: tensor.models,
        sums: sums, places: places)
    }
    return try joined(number, shards)
  }

  /// The shards of one tensor of the plan, added up.
  private func added(
    _ shards: ArraySlice<Shard>, of tensor: PlannedTensor
  ) throws(Failure) -> (sums: Partial, places: [SampleGrid.Place]) {
    var sums = Partial(PartialSchema(models: tensor.copies.count, statistics: tensor.statistics))
    var places: [SampleGrid.Place] = []
    for shard in shards {
      sums.merge(try decoded(shard, of: tensor))
      places += plan.samples(of: shard)
    }
    return (sums, places)
  }

  /// The blocks of one tensor, put together. A pair that several blocks have is taken from the first of them.
  private func joined(_ number: Int, _ shards: ArraySlice<Shard>) throws(Failure) -> TensorSums {
    let tensor = wholes[number].tensor
    let positions = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
    var left = shards
    var joined: TensorSums?
    var hasModel = tensor.models.map { _ in false }
    var hasPair = Array(repeating: false, count: PairIndex(tensor.models.count).count)
    for number in wholes[number].blocks {
      let own = left.prefix { $0.tensor == number }
      left.removeFirst(own.count)
      let (block, places) = try added(own, of: plan.tensors[number])
      if joined == nil {
        var schema = block.schema
        schema.models = tensor.models.count
        joined = TensorSums(
          name: tensor.name, role: tensor.role, part: tensor.part, shape: tensor.shape, models: tensor.models,
          sums: Partial(schema), places: places)
      }
      joined?.sums.adopt(
        block, at: plan.tensors[number].models.map { positions[$0] ?? 0 }, hasPair: &hasPair, hasModel: &hasModel)
    }
    guard var whole = joined else {
      throw Failure(.unclassified, "the tensor '\(tensor.name.printable)' has no blocks")
    }
    whole.compared = hasPair
    return whole
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
