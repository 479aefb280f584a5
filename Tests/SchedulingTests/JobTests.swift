import Core
import Scheduling
import System
import Testing

/// Several runs over one pool, and hosts that do not see everything.
@Suite struct JobTests {
  private func scheduler(_ jobs: [Int], groups: [[Int]] = []) -> Scheduler {
    var scheduler = Scheduler()
    for (index, count) in jobs.enumerated() {
      scheduler.add(shards: count, groups: groups.isEmpty ? [] : groups[index])
    }
    return scheduler
  }

  private func join(_ scheduler: inout Scheduler, _ worker: Int, credit: Int) -> [Scheduler.Action] {
    _ = scheduler.handle(.joined(WorkerID(worker)), at: .zero)
    return scheduler.handle(.ready(WorkerID(worker), credit: credit), at: .zero)
  }

  private func tasks(_ actions: [Scheduler.Action]) -> [Int] {
    actions.compactMap { if case .assign(let lease, _) = $0 { lease.task.value } else { nil } }
  }

  @Test func jobsShareThePoolEvenly() {
    var scheduler = scheduler([100, 4, 100])
    let given = tasks(join(&scheduler, 1, credit: 9))
    #expect(given.filter { $0 < 100 }.count == 3)
    #expect(given.filter { (100..<104).contains($0) }.count == 3)
    #expect(given.filter { $0 >= 104 }.count == 3)
    // Whoever ends leaves its share to the others.
    var next: [Int] = []
    for task in given {
      _ = scheduler.handle(.done(WorkerID(1), lease(task)), at: .zero)
      next += tasks(scheduler.handle(.ready(WorkerID(1), credit: 1), at: .zero))
    }
    #expect(next.filter { (100..<104).contains($0) } == [103])
    #expect(next.count == 9)
  }

  @Test func aJobThatComesLaterGetsItsShareAtOnce() {
    var scheduler = scheduler([10])
    _ = join(&scheduler, 1, credit: 2)
    let job = scheduler.add(shards: 10)
    #expect(scheduler.tasks(of: job).task(of: ShardID(0)) == TaskID(10))
    #expect(tasks(scheduler.handle(.ready(WorkerID(1), credit: 2), at: .zero)) == [10, 11])
    #expect(tasks(scheduler.handle(.ready(WorkerID(1), credit: 2), at: .zero)) == [2, 12])
  }

  @Test func eachJobFinishesByItself() {
    var scheduler = scheduler([1, 1])
    _ = join(&scheduler, 1, credit: 2)
    #expect(scheduler.handle(.done(WorkerID(1), lease(1)), at: .zero).last == .finish(JobID(1)))
    #expect(!scheduler.isFinished)
    #expect(scheduler.handle(.done(WorkerID(1), lease(0)), at: .zero).last == .finish(JobID(0)))
    #expect(scheduler.isFinished)
  }

  @Test func anAbandonedJobIsNotHandedOutAndItsAnswersDoNotCount() {
    var scheduler = scheduler([3, 3])
    #expect(tasks(join(&scheduler, 1, credit: 2)) == [0, 3])
    scheduler.abandon(JobID(0))
    #expect(scheduler.handle(.done(WorkerID(1), lease(0)), at: .zero) == [ignore(0, from: 1)])
    #expect(tasks(scheduler.handle(.ready(WorkerID(1), credit: 9), at: .zero)) == [4, 5])
    #expect(scheduler.violation() == nil)
  }

  @Test func aWorkerIsNotGivenAgainWhatItsHostDoesNotSee() {
    var scheduler = scheduler([6], groups: [[0, 0, 1, 1, 2, 2]])
    #expect(tasks(join(&scheduler, 1, credit: 1)) == [0])
    _ = scheduler.handle(.outOfReach(WorkerID(1), lease(0), groups: [0, 2]), at: .zero)
    #expect(tasks(scheduler.handle(.ready(WorkerID(1), credit: 9), at: .zero)) == [2, 3])
    #expect(scheduler.unreachableTask(of: JobID(0)) == TaskID(0))
    // Another host takes the rest, as a first attempt of blameless tasks.
    let actions = join(&scheduler, 2, credit: 9)
    #expect(tasks(actions) == [0, 1, 4, 5])
    #expect(actions.contains(assign(0, 2, to: 2)) && actions.contains(assign(1, 1, to: 2)))
    #expect(scheduler.unreachableTask(of: JobID(0)) == nil)
    #expect(scheduler.violation() == nil)
  }

  @Test func missingFilesAreNoFailures() {
    var scheduler = scheduler([1], groups: [[0]])
    for worker in 1...10 {
      _ = join(&scheduler, worker, credit: 1)
      let actions = scheduler.handle(.outOfReach(WorkerID(worker), lease(0, worker), groups: [0]), at: .zero)
      #expect(actions.isEmpty)
    }
    #expect(scheduler.setAsideCount == 0)
    #expect(tasks(join(&scheduler, 11, credit: 1)) == [0])
  }
}
