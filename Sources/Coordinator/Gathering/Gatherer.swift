public import Core
public import Planning
internal import Wire

/// Adds the partials up, tensor by tensor, in the order of the shards.
public enum Gatherer {
  /// - Parameter partial: the encoded partial of a shard; nil when it is missing.
  /// - Throws: `Failure` when a partial is missing or damaged.
  public static func gather(
    _ plan: Plan, partial: (ShardID) throws(Failure) -> [UInt8]?
  ) throws(Failure) -> [TensorSums] {
    var gathered: [TensorSums] = plan.tensors.map {
      TensorSums(
        name: $0.name, role: $0.role, shape: $0.shape, models: $0.models,
        sums: Partial(models: $0.copies.count, statistics: $0.statistics))
    }
    for shard in plan.shards {
      let tensor = plan.tensors[shard.tensor]
      guard let bytes = try partial(shard.id) else {
        throw Failure(
          .resumable, "shard \(shard.id) (tensor '\(tensor.name.printable)') is not finished",
          advice: "run the same command again")
      }
      do {
        gathered[shard.tensor].sums.merge(
          try PartialCodec.decode(
            bytes, models: tensor.copies.count, statistics: tensor.statistics))
      } catch {
        throw .badInput(
          "the journal's entry for shard \(shard.id) (tensor '\(tensor.name.printable)') is damaged: \(error)",
          advice: "start over with --redo")
      }
    }
    return gathered
  }
}
