import Core
import Scheduling
import System
import Testing

/// A scheduler that is checked after every event.
struct Script {
  var scheduler: Scheduler
  var now: Duration = .zero

  init(
    tasks: Int, done: Set<Int> = [], attempts: Int = 3, verified: Double = 0, held: Int = 64,
    sharing: Sharing = Sharing()
  ) {
    scheduler = Scheduler(
      limits: .init(
        silence: .seconds(10), attempts: attempts, straggling: .seconds(30), held: held),
      verified: verified)
    scheduler.add(shards: tasks, done: Set(done.map { ShardID($0) }), sharing: sharing)
  }

  @discardableResult
  mutating func handle(_ event: Scheduler.Event, _ location: SourceLocation = #_sourceLocation)
    -> [Scheduler.Action]
  {
    let actions = scheduler.handle(event, at: now)
    #expect(scheduler.violation() == nil, "after \(event)", sourceLocation: location)
    return actions
  }

  /// A worker joins and asks for tasks.
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

/// A digest that stands for any answer of this number; 0 for none.
func made(_ number: UInt64) -> SHA256.Digest { SHA256.Digest(words: SIMD4(number, 0, 0, 0)) }

func lease(_ task: Int, _ attempt: Int = 1) -> Lease {
  Lease(task: TaskID(task), attempt: attempt)
}

func assign(_ task: Int, _ attempt: Int = 1, to worker: Int) -> Scheduler.Action {
  .assign(lease(task, attempt), to: WorkerID(worker))
}

func accept(_ task: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .accept(lease(task, attempt), from: WorkerID(worker))
}

func ignore(_ task: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .ignore(lease(task, attempt), from: WorkerID(worker))
}

func hold(_ task: Int, _ attempt: Int = 1, from worker: Int) -> Scheduler.Action {
  .hold(lease(task, attempt), from: WorkerID(worker))
}

extension Scheduler.Event {
  static func done(_ worker: Int, _ task: Int, _ attempt: Int = 1, digest: UInt64 = 0)
    -> Scheduler.Event
  {
    .done(WorkerID(worker), lease(task, attempt), digest: made(digest))
  }

  static func failed(_ worker: Int, _ task: Int, _ attempt: Int = 1, _ reason: String = "broken")
    -> Scheduler.Event
  {
    .failed(WorkerID(worker), lease(task, attempt), reason: reason)
  }
}
