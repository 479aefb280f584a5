import Core
import Scheduling
import System
import Testing

/// The last tasks do not pile up where they were handed out first.
@Suite struct TransferTests {
  private func loaded(tasks: Int, slots: Int = 1) -> Script {
    var script = Script(tasks: tasks)
    script.handle(.joined(WorkerID(1), slots: slots))
    script.handle(.ready(WorkerID(1), credit: tasks))
    script.handle(.joined(WorkerID(2)))
    script.handle(.ready(WorkerID(2), credit: 4))
    return script
  }

  @Test func anIdleWorkerGetsTheTaskThatWaitsLast() {
    var script = loaded(tasks: 4)
    #expect(script.handle(.tick).isEmpty, "it has not waited yet")
    script.pass(.seconds(2))
    #expect(script.handle(.tick) == [.revoke(lease(3), from: WorkerID(1)), assign(3, 2, to: 2)])
    #expect(script.handle(.tick).isEmpty, "one is enough to be busy")
    #expect(script.handle(.done(2, 3, 2)) == [accept(3, 2, from: 2)])
    #expect(script.handle(.tick) == [.revoke(lease(2), from: WorkerID(1)), assign(2, 2, to: 2)])
  }

  @Test func whatIsBeingComputedStays() {
    var script = loaded(tasks: 2, slots: 2)
    script.pass(.seconds(20))
    script.handle(.heard(WorkerID(1)))
    script.handle(.heard(WorkerID(2)))
    #expect(script.handle(.tick).isEmpty)
  }

  @Test func anAnswerToWhatWasTakenAwayDoesNotCountWhileAnotherIsAtIt() {
    var script = loaded(tasks: 2)
    script.pass(.seconds(2))
    script.handle(.tick)
    #expect(script.handle(.done(1, 1)) == [ignore(1, from: 1)])
    script.handle(.died(WorkerID(2)))
    #expect(script.handle(.done(1, 1)) == [accept(1, from: 1)], "the other is dead, and the sums are the same")
  }

  @Test func whoCannotSeeTheFilesGetsNone() {
    var script = Script(tasks: 0)
    script.scheduler.add(shards: 4, groups: [0, 0, 0, 0])
    script.handle(.joined(WorkerID(1)))
    script.handle(.ready(WorkerID(1), credit: 1))
    script.handle(.outOfReach(WorkerID(1), lease(0), groups: [0]))
    script.handle(.joined(WorkerID(2)))
    script.handle(.ready(WorkerID(2), credit: 9))
    script.handle(.ready(WorkerID(1), credit: 4))
    script.pass(.seconds(5))
    #expect(!script.handle(.tick).contains { if case .revoke = $0 { true } else { false } })
  }
}
