public import Core
public import Lineage
public import Planning
internal import Synchronization
internal import Wire

/// Adds the partials up, tensor by tensor, in the order of the shards; two tensors are in memory at a
/// time, the one that is looked at and the next one.
public struct Gatherer: TensorSource, Sendable {
  /// Shows the encoded partial of a shard to the body; false when it is missing.
  public typealias Reader =
    @Sendable (ShardID, _ body: (UnsafeRawBufferPointer) -> Void) throws(Failure) -> Bool

  private let plan: Plan
  private let reader: Reader
  private let checked = Checked()

  /// - Parameter reader: called from a thread of its own.
  public init(_ plan: Plan, reader: @escaping Reader) {
    self.plan = plan
    self.reader = reader
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
    var found: Result<Partial, WireError>?
    let isChecked = checked.contains(shard.id)
    let shapes = plan.samples(of: shard).map(\.shape)
    let isThere = try reader(shard.id) { bytes in
      found = Result { () throws(WireError) in
        try PartialCodec.decode(
          bytes, models: tensor.copies.count, statistics: tensor.statistics, samples: shapes,
          sketch: tensor.sketch, isChecked: isChecked)
      }
    }
    guard isThere, let found else {
      throw Failure(
        .resumable, "shard \(shard.id) (tensor '\(tensor.name.printable)') is not finished",
        advice: "run the same command again")
    }
    do {
      let partial = try found.get()
      checked.insert(shard.id)
      return partial
    } catch {
      throw .badInput(
        "the journal's entry for shard \(shard.id) (tensor '\(tensor.name.printable)') is damaged: \(error)",
        advice: "start over with --redo")
    }
  }
}

/// Shards whose checksums were looked at in an earlier pass.
private final class Checked: Sendable {
  private let shards = Mutex<Set<ShardID>>([])

  func contains(_ shard: ShardID) -> Bool { shards.withLock { $0.contains(shard) } }

  func insert(_ shard: ShardID) { shards.withLock { _ = $0.insert(shard) } }
}
