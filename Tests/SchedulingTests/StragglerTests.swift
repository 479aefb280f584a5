import Core
import Scheduling
import System
import Testing

@Suite struct StragglerTests {
  /// Worker 1 holds tasks 0.., worker 2 waits with credit; both are heard of.
  private func waiting(tasks: Int, for time: Duration) -> (Script, [Scheduler.Action]) {
    var script = Script(tasks: tasks)
    script.join(1, credit: tasks)
    script.join(2, credit: 9)
    var actions: [Scheduler.Action] = []
    let end = script.now + time
    while script.now < end {
      script.pass(min(.seconds(5), end - script.now))
      actions += script.handle(.heard(WorkerID(1)))
      actions += script.handle(.heard(WorkerID(2)))
    }
    return (script, actions)
  }

  @Test func aTaskIsHandedOutAgainOnlyWhenItTakesTooLong() {
    #expect(waiting(tasks: 1, for: .seconds(30)).1 == [])
    #expect(waiting(tasks: 1, for: .seconds(31)).1 == [assign(0, 2, to: 2)])
  }

  @Test func aTaskIsHeldByTwoWorkersAtMost() {
    var (script, _) = waiting(tasks: 1, for: .seconds(60))
    #expect(script.join(3, credit: 1) == [])
    #expect(script.scheduler.leases(at: script.now).count == 2)
  }

  @Test func theFasterAnswerCountsAndTheOtherIsIgnored() {
    var (script, _) = waiting(tasks: 2, for: .seconds(31))
    #expect(script.handle(.done(2, 0, 2)) == [accept(0, 2, from: 2)])
    #expect(script.handle(.done(1, 0, 1)) == [ignore(0, from: 1)])
    #expect(script.handle(.done(1, 1, 1)) == [accept(1, from: 1), .finish(JobID(0))])
    #expect(script.handle(.done(2, 1, 2)) == [ignore(1, 2, from: 2)])
  }

  @Test func theOldAnswerCountsWhenItIsTheFasterOne() {
    var (script, _) = waiting(tasks: 1, for: .seconds(31))
    #expect(script.handle(.done(1, 0, 1)) == [accept(0, from: 1), .finish(JobID(0))])
    #expect(script.handle(.done(2, 0, 2)) == [ignore(0, 2, from: 2)])
  }

  @Test func aFailureOfOneCopyLeavesTheOtherAtWork() {
    var (script, _) = waiting(tasks: 1, for: .seconds(31))
    #expect(script.handle(.failed(2, 0, 2)) == [assign(0, 3, to: 2)])
    #expect(script.handle(.left(WorkerID(2))) == [])
    #expect(script.handle(.done(1, 0, 1)) == [accept(0, from: 1), .finish(JobID(0))])
  }

  @Test func freshTasksComeBeforeStragglers() {
    var script = Script(tasks: 3)
    script.join(1, credit: 1)
    script.pass(.seconds(5))
    for _ in 0..<6 {
      script.pass(.seconds(5))
      script.handle(.heard(WorkerID(1)))
    }
    #expect(
      script.join(2, credit: 3) == [assign(1, to: 2), assign(2, to: 2), assign(0, 2, to: 2)])
  }

  /// A task that two workers hold already must not hide the next one.
  @Test func allStragglersAreHandedOut() {
    let (_, actions) = waiting(tasks: 3, for: .seconds(31))
    #expect(actions == [assign(0, 2, to: 2), assign(1, 2, to: 2), assign(2, 2, to: 2)])
  }

  @Test func aWorkerAtItsOwnStragglerDoesNotKeepItFromOthers() {
    var script = Script(tasks: 4)
    #expect(script.join(1, credit: 1) == [assign(0, to: 1)])
    for _ in 0..<7 {
      script.pass(.seconds(5))
      script.handle(.heard(WorkerID(1)))
    }
    #expect(script.join(2, credit: 3).count == 3)
    // Worker 1 has the fewest tasks, but the only straggler is its own.
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [])
    #expect(script.handle(.ready(WorkerID(2), credit: 1)) == [assign(0, 2, to: 2)])
  }

  @Test func aWorkerNeverGetsItsOwnTaskTwice() {
    var script = Script(tasks: 1)
    script.join(1, credit: 5)
    for _ in 0..<20 {
      script.pass(.seconds(5))
      #expect(script.handle(.heard(WorkerID(1))) == [])
    }
  }
}
