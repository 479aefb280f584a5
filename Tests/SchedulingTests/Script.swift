import Core
import Scheduling
import System
import Testing

/// A scheduler that is checked after every event.
struct Script {
  var scheduler: Scheduler
  var now: Duration = .zero

  init(
    shards: Int, done: Set<Int> = [], attempts: Int = 3, verified: Double = 0, held: Int = 64
  ) {
    scheduler = Scheduler(
      shards: shards, done: Set(done.map { ShardID($0) }),
      limits: .init(
        silence: .seconds(10), attempts: attempts, straggling: .seconds(30), held: held),
      verified: verified)
  }

  @discardableResult
  mutating func handle(_ event: Scheduler.Event, _ location: SourceLocation = #_sourceLocation)
    -> [Scheduler.Action]
  {
    let actions = scheduler.handle(event, at: now)
    #expect(scheduler.violation() == nil, "after \(event)", sourceLocation: location)
    return actions
  }

  /// A worker joins and asks for shards.
  @discardableResult
  mutating func join(
    _ worker: Int, credit: Int, origin: String = "", _ location: SourceLocation = #_sourceLocation
  ) -> [Scheduler.Action] {
    let first = handle(.joined(WorkerID(worker), origin: origin), location)
    #expect(first.isEmpty, sourceLocation: location)
    return handle(.ready(WorkerID(worker), credit: credit), location)
  }

  mutating func pass(_ time: Duration) { now += time }
}

func lease(_ shard: Int, _ attempt: Int = 1) -> Lease {
  Lease(shard: ShardID(shard), attempt: attempt)
}

func assign(_ shard: Int, _ attempt: Int = 1, to worker: Int) -> Scheduler.Action {
  .assign(lease(shard, attempt), to: WorkerID(worker))
}

func accept(_ shard: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .accept(lease(shard, attempt), from: WorkerID(worker))
}

func ignore(_ shard: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .ignore(lease(shard, attempt), from: WorkerID(worker))
}

func hold(_ shard: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .hold(lease(shard, attempt), from: WorkerID(worker))
}

extension Scheduler.Event {
  static func done(_ worker: Int, _ shard: Int, _ attempt: Int = 1, digest: UInt64 = 0)
    -> Scheduler.Event
  {
    .done(WorkerID(worker), lease(shard, attempt), digest: digest)
  }

  static func failed(_ worker: Int, _ shard: Int, _ attempt: Int = 1, _ reason: String = "broken")
    -> Scheduler.Event
  {
    .failed(WorkerID(worker), lease(shard, attempt), reason: reason)
  }
}
