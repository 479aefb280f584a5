public import Core
public import Lineage
public import Planning
internal import Wire

/// Adds the partials up, tensor by tensor, in the order of the shards; two tensors are in memory at a
/// time, the one that is looked at and the next one.
public struct Gatherer: TensorSource, Sendable {
  private let plan: Plan
  private let partial: @Sendable (ShardID) throws(Failure) -> [UInt8]?

  /// - Parameter partial: the encoded partial of a shard; nil when it is missing. Called from another thread.
  public init(_ plan: Plan, partial: @escaping @Sendable (ShardID) throws(Failure) -> [UInt8]?) {
    self.plan = plan
    self.partial = partial
  }

  public var roles: [TensorRole] { plan.tensors.map(\.role) }

  /// - Throws: `Failure` when a partial is missing or damaged, and what the body throws.
  public func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    var numbers = plan.tensors.indices[...]
    var shards = plan.shards[...]
    func next() -> Ahead<TensorSums>? {
      while let number = numbers.popFirst() {
        let own = shards.prefix { $0.tensor == number }
        shards.removeFirst(own.count)
        if isWanted(number) { return Ahead { () throws(Failure) in try sums(of: number, own) } }
      }
      return nil
    }
    var ahead = next()
    while let current = ahead {
      let tensor = try current.value()
      ahead = next()
      do {
        try body(tensor)
      } catch {
        // Nothing goes on behind the caller's back.
        _ = try? ahead?.value()
        throw error
      }
    }
  }

  private func sums(of number: Int, _ shards: ArraySlice<Shard>) throws(Failure) -> TensorSums {
    let tensor = plan.tensors[number]
    var sums = Partial(models: tensor.copies.count, statistics: tensor.statistics)
    var places: [SampleGrid.Place] = []
    for shard in shards {
      sums.merge(try decoded(shard, of: tensor))
      places += plan.samples(of: shard)
    }
    return TensorSums(
      name: tensor.name, role: tensor.role, shape: tensor.shape, models: tensor.models, sums: sums,
      places: places)
  }

  private func decoded(_ shard: Shard, of tensor: PlannedTensor) throws(Failure) -> Partial {
    guard let bytes = try partial(shard.id) else {
      throw Failure(
        .resumable, "shard \(shard.id) (tensor '\(tensor.name.printable)') is not finished",
        advice: "run the same command again")
    }
    do {
      return try PartialCodec.decode(
        bytes, models: tensor.copies.count, statistics: tensor.statistics,
        samples: plan.sampleShapes(of: shard), sketch: tensor.sketch)
    } catch {
      throw .badInput(
        "the journal's entry for shard \(shard.id) (tensor '\(tensor.name.printable)') is damaged: \(error)",
        advice: "start over with --redo")
    }
  }
}
