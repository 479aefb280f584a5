import Core
import Scheduling
import System
import Testing

@Suite struct SchedulerTests {
  @Test func shardsAreHandedOutInPlanOrderUpToTheCredit() {
    var script = Script(tasks: 5)
    #expect(script.join(1, credit: 2) == [assign(0, to: 1), assign(1, to: 1)])
    #expect(script.handle(.heard(WorkerID(1))) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [assign(2, to: 1)])
    #expect(script.handle(.ready(WorkerID(1), credit: 5)) == [assign(3, to: 1), assign(4, to: 1)])
  }

  @Test func aWorkerWithoutCreditGetsNothing() {
    var script = Script(tasks: 2)
    #expect(script.join(1, credit: 0) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: -7)) == [])
    #expect(script.handle(.tick) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [assign(0, to: 1)])
  }

  @Test func anAbsurdCreditDoesNotOverflow() {
    var script = Script(tasks: 3)
    script.join(1, credit: Int.max)
    #expect(script.handle(.ready(WorkerID(1), credit: Int.max)) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: Int.min)) == [])
  }

  @Test func theWorkerWithTheFewestTasksIsServedFirst() {
    var script = Script(tasks: 4)
    #expect(script.join(1, credit: 3) == [assign(0, to: 1), assign(1, to: 1), assign(2, to: 1)])
    script.join(2, credit: 1)
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [])
    #expect(script.handle(.ready(WorkerID(2), credit: 1)) == [])
    // Task 0 fails: both have credit, worker 2 holds fewer.
    #expect(script.handle(.failed(1, 0)) == [assign(0, 2, to: 2)])
  }

  @Test func everyTaskIsAcceptedAndThenTheRunFinishes() {
    var script = Script(tasks: 2)
    script.join(1, credit: 2)
    #expect(script.handle(.done(1, 1)) == [accept(1, from: 1)])
    #expect(!script.scheduler.isFinished)
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1), .finish(JobID(0))])
    #expect(script.scheduler.isFinished)
    #expect(script.scheduler.doneCount == 2)
    // Finish comes once.
    #expect(script.handle(.tick) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: 2)) == [])
  }

  @Test func aSecondAnswerIsIgnored() {
    var script = Script(tasks: 2)
    script.join(1, credit: 1)
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1)])
    #expect(script.handle(.done(1, 0)) == [ignore(0, from: 1)])
    #expect(script.scheduler.doneCount == 1)
  }

  @Test func shardsOfAFormerSessionAreNotComputedAgain() {
    var script = Script(tasks: 4, done: [0, 2])
    #expect(script.scheduler.doneCount == 2)
    #expect(script.join(1, credit: 4) == [assign(1, to: 1), assign(3, to: 1)])
    #expect(script.handle(.done(1, 2)) == [.refuse(WorkerID(1), lease(2))])
    #expect(script.handle(.done(1, 1)) == [accept(1, from: 1)])
    #expect(script.handle(.done(1, 3)) == [accept(3, from: 1), .finish(JobID(0))])
  }

  @Test func aRunWithNothingToDoFinishesAtOnce() {
    var empty = Script(tasks: 0)
    #expect(empty.scheduler.isFinished)
    #expect(empty.handle(.tick) == [.finish(JobID(0))])
    #expect(empty.handle(.tick) == [])
    var whole = Script(tasks: 2, done: [0, 1])
    #expect(whole.handle(.tick) == [.finish(JobID(0))])
  }

  @Test func theTasksOfALeavingWorkerGoToOthersFirst() {
    var script = Script(tasks: 5)
    script.join(1, credit: 2)
    script.join(2, credit: 1)
    #expect(script.handle(.left(WorkerID(1))) == [])
    #expect(script.scheduler.workerCount == 1)
    #expect(
      script.handle(.ready(WorkerID(2), credit: 3))
        == [assign(0, 2, to: 2), assign(1, 2, to: 2), assign(3, to: 2)])
  }

  @Test func aSilentWorkerIsDroppedAndItsTaskGivenOn() {
    var script = Script(tasks: 2)
    script.join(1, credit: 1)
    script.pass(.seconds(5))
    script.join(2, credit: 2)
    script.pass(.seconds(5))
    // Exactly at the limit nothing happens yet.
    #expect(script.handle(.tick) == [])
    script.pass(.milliseconds(1))
    #expect(script.handle(.tick) == [.drop(WorkerID(1)), assign(0, 2, to: 2)])
  }

  @Test func anySignOfLifeKeepsAWorker() {
    var script = Script(tasks: 9)
    script.join(1, credit: 4)
    let signs: [Scheduler.Event] = [
      .heard(WorkerID(1)), .done(1, 0), .failed(1, 1), .ready(WorkerID(1), credit: 0), .done(1, 0),
    ]
    for sign in signs {
      script.pass(.seconds(9))
      script.handle(sign)
    }
    script.pass(.seconds(9))
    #expect(script.handle(.tick) == [])
    #expect(script.scheduler.workerCount == 1)
  }

  @Test func answersOfADroppedWorkerCountForNothing() {
    var script = Script(tasks: 1)
    script.join(1, credit: 1)
    script.pass(.seconds(11))
    #expect(script.handle(.tick) == [.drop(WorkerID(1))])
    #expect(script.handle(.done(1, 0)) == [])
    #expect(script.handle(.failed(1, 0)) == [])
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [])
    #expect(script.handle(.left(WorkerID(1))) == [])
    #expect(script.join(2, credit: 1) == [assign(0, 2, to: 2)])
  }

  @Test func aTaskThatFailsTooOftenIsSetAsideWithItsReasons() {
    var script = Script(tasks: 2)
    script.join(1, credit: 9)
    #expect(script.handle(.failed(1, 0, 1, "a")) == [assign(0, 2, to: 1)])
    #expect(script.handle(.failed(1, 0, 2, "b")) == [assign(0, 3, to: 1)])
    let reasons = ["attempt 1: a", "attempt 2: b", "attempt 3: c"]
    #expect(script.handle(.failed(1, 0, 3, "c")) == [.setAside(TaskID(0), reasons: reasons)])
    #expect(script.scheduler.setAsideCount == 1)
    #expect(script.handle(.done(1, 1)) == [accept(1, from: 1), .finish(JobID(0))])
    #expect(script.scheduler.doneCount == 1)
  }

  @Test func aTaskThatKillsItsWorkersIsSetAside() throws {
    var script = Script(tasks: 1)
    for worker in 1...3 {
      #expect(script.join(worker, credit: 1) == [assign(0, worker, to: worker)])
      let actions = script.handle(.died(WorkerID(worker)))
      guard worker == 3 else {
        #expect(actions == [])
        continue
      }
      guard case .setAside(TaskID(0), let reasons) = try #require(actions.first) else {
        Issue.record("\(actions)")
        return
      }
      #expect(reasons.count == 3)
      #expect(reasons[0].contains("worker 1"))
      #expect(actions.last == .finish(JobID(0)))
    }
  }

  @Test func aFailureReportedTwiceCountsOnce() {
    var script = Script(tasks: 1)
    script.join(1, credit: 1)
    #expect(script.handle(.failed(1, 0)) == [])
    for _ in 0..<5 { #expect(script.handle(.failed(1, 0)) == []) }
    #expect(script.scheduler.setAsideCount == 0)
    #expect(script.handle(.ready(WorkerID(1), credit: 1)) == [assign(0, 2, to: 1)])
    // The first lease is over: its failure says nothing about the second.
    #expect(script.handle(.failed(1, 0, 1)) == [])
    #expect(script.handle(.done(1, 0, 2)) == [accept(0, 2, from: 1), .finish(JobID(0))])
  }

  @Test func aLateAnswerCountsWhileTheTaskIsStillWaiting() {
    var script = Script(tasks: 1)
    script.join(1, credit: 1)
    #expect(script.handle(.failed(1, 0)) == [])
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1), .finish(JobID(0))])
    #expect(script.join(2, credit: 1) == [])
  }

  @Test func anAnswerToASetAsideTaskIsIgnored() {
    var script = Script(tasks: 2, attempts: 1)
    script.join(1, credit: 2)
    #expect(
      script.handle(.failed(1, 0)) == [.setAside(TaskID(0), reasons: ["attempt 1: broken"])])
    #expect(script.handle(.done(1, 0)) == [ignore(0, from: 1)])
  }

  @Test(arguments: [(0, 2), (0, 0), (0, -1), (1, 1), (2, 1), (-1, 1), (Int.max, 1), (0, Int.max)])
  func anAnswerToWhatWasNeverAskedIsRefused(task: Int, attempt: Int) {
    var script = Script(tasks: 2)
    script.join(1, credit: 1)
    #expect(
      script.handle(.done(1, task, attempt)) == [.refuse(WorkerID(1), lease(task, attempt))])
    #expect(script.handle(.failed(1, task, attempt)) == [])
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1)])
  }

  @Test func leasesAreListedWithTheirAge() {
    var script = Script(tasks: 3)
    script.join(2, credit: 1)
    script.pass(.seconds(4))
    script.join(1, credit: 2)
    script.pass(.seconds(1))
    let leases = script.scheduler.leases(at: script.now)
    #expect(leases.map(\.0) == [WorkerID(1), WorkerID(1), WorkerID(2)])
    #expect(leases.map(\.1) == [lease(1), lease(2), lease(0)])
    #expect(leases.map(\.age) == [.seconds(1), .seconds(1), .seconds(5)])
  }
}
