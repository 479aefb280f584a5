import Core
import Scheduling
import System
import Testing

/// A share of the tasks counts only when two processes agree on every bit.
@Suite struct VerificationTests {
  @Test func theShareIsSpreadEvenly() {
    for (share, expected) in [(0.0, 0), (0.1, 10), (0.25, 25), (0.5, 50), (1.0, 100)] {
      let scheduler = Scheduler(shards: 100, verified: share)
      let verified = (0..<100).filter { scheduler.isVerified(TaskID($0)) }
      #expect(verified.count == expected)
      let gaps = zip(verified, verified.dropFirst()).map { $1 - $0 }
      #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1)
    }
  }

  @Test func anotherWorkerIsAskedAndTheFirstAnswerCountsWhenTheyAgree() {
    var script = Script(tasks: 1, verified: 1)
    script.join(1, credit: 2)
    #expect(script.handle(.done(1, 0, digest: 7)) == [hold(0, from: 1)])
    #expect(script.scheduler.doneCount == 0)
    // Not by the same worker, however often it asks or repeats itself.
    #expect(script.handle(.ready(WorkerID(1), credit: 5)) == [])
    #expect(script.handle(.done(1, 0, digest: 7)) == [ignore(0, from: 1)])
    #expect(script.join(2, credit: 1) == [assign(0, 2, to: 2)])
    #expect(script.handle(.done(2, 0, 2, digest: 7)) == [accept(0, from: 1), .finish(JobID(0))])
  }

  @Test func aProcessThatComesBackIsNoSecondOpinion() {
    var script = Script(tasks: 1, verified: 1)
    script.join(1, credit: 1, origin: "a:1")
    script.handle(.done(1, 0, digest: 7))
    script.handle(.left(WorkerID(1)))
    #expect(script.join(2, credit: 1, origin: "a:1") == [])
    #expect(script.join(3, credit: 1, origin: "b:1") == [assign(0, 2, to: 3)])
  }

  @Test func aDisagreementIsSettledByAThirdAndTheOddOneIsNamed() {
    var script = Script(tasks: 1, verified: 1)
    for (worker, origin) in [(1, "a:1"), (2, "b:1"), (3, "c:1")] {
      script.join(worker, credit: 1, origin: origin)
    }
    #expect(script.handle(.done(1, 0, digest: 7)) == [hold(0, from: 1), assign(0, 2, to: 2)])
    #expect(script.handle(.done(2, 0, 2, digest: 8)) == [hold(0, 2, from: 2), assign(0, 3, to: 3)])
    #expect(
      script.handle(.done(3, 0, 3, digest: 8))
        == [accept(0, 2, from: 2), .dispute(TaskID(0), dissenters: ["a:1"]), .finish(JobID(0))])
  }

  @Test func twoWorkersAloneSettleTheirDisputeThemselves() {
    var script = Script(tasks: 1, verified: 1)
    script.join(1, credit: 2, origin: "a:1")
    script.join(2, credit: 2, origin: "b:1")
    script.handle(.done(1, 0, digest: 7))
    let third = script.handle(.done(2, 0, 2, digest: 8))
    #expect(third == [hold(0, 2, from: 2), assign(0, 3, to: 1)])
    #expect(
      script.handle(.done(1, 0, 3, digest: 8))
        == [accept(0, 2, from: 2), .dispute(TaskID(0), dissenters: ["a:1"]), .finish(JobID(0))])
  }

  @Test func aWorkerThatRepeatsItsErrorConvincesNobody() {
    var script = Script(tasks: 1, verified: 1)
    script.join(1, credit: 2, origin: "a:1")
    script.join(2, credit: 2, origin: "b:1")
    script.handle(.done(1, 0, digest: 7))
    script.handle(.done(2, 0, 2, digest: 8))
    guard case .setAside(TaskID(0), let reasons) = script.handle(.done(1, 0, 3, digest: 7)).first else {
      Issue.record("the task was not set aside")
      return
    }
    #expect(reasons.count == 1 && reasons[0].contains("a:1") && reasons[0].contains("b:1"))
  }

  @Test func firstAnswersThatWaitAreBounded() {
    var script = Script(tasks: 10, verified: 1, held: 3)
    script.join(1, credit: 1)
    for task in 0..<3 {
      script.handle(.done(1, task, digest: 1))
      script.handle(.ready(WorkerID(1), credit: 1))
    }
    #expect(script.scheduler.heldCount == 3)
    #expect(script.scheduler.leases(at: script.now).isEmpty, "a fourth was begun")
    // The second worker gives its opinion first, then both go on.
    #expect(script.join(2, credit: 1) == [assign(0, 2, to: 2)])
    #expect(script.handle(.done(2, 0, 2, digest: 1)) == [accept(0, from: 1), assign(3, to: 1)])
  }

  @Test func shardsThatAreNotCheckedCountAtOnce() {
    var script = Script(tasks: 2, verified: 0.5)
    script.join(1, credit: 2)
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1)])
    #expect(script.handle(.done(1, 1)) == [hold(1, from: 1)])
  }
}
