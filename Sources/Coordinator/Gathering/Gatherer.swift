public import Core
public import Lineage
public import Planning
internal import Wire

/// Adds the partials up, tensor by tensor, in the order of the shards; one tensor is in memory at a
/// time.
public struct Gatherer: TensorSource {
  private let plan: Plan
  private let partial: (ShardID) throws(Failure) -> [UInt8]?

  /// - Parameter partial: the encoded partial of a shard; nil when it is missing.
  public init(_ plan: Plan, partial: @escaping (ShardID) throws(Failure) -> [UInt8]?) {
    self.plan = plan
    self.partial = partial
  }

  public var roles: [TensorRole] { plan.tensors.map(\.role) }

  /// - Throws: `Failure` when a partial is missing or damaged, and what the body throws.
  public func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    var shards = plan.shards[...]
    for (number, tensor) in plan.tensors.enumerated() {
      guard isWanted(number) else {
        shards = shards.drop { $0.tensor == number }
        continue
      }
      var sums = Partial(models: tensor.copies.count, statistics: tensor.statistics)
      var places: [SampleGrid.Place] = []
      while let shard = shards.first, shard.tensor == number {
        sums.merge(try decoded(shard, of: tensor))
        places += plan.samples(of: shard)
        shards.removeFirst()
      }
      try body(
        TensorSums(
          name: tensor.name, role: tensor.role, shape: tensor.shape, models: tensor.models, sums: sums,
          places: places))
    }
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
