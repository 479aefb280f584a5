import Core
import Scheduling
import System
import Testing

/// A task that kills its workers is found out, and those that were beside it are not blamed.
@Suite struct SuspicionTests {
  @Test func aWorkerThatLeavesLeavesNoBlame() {
    var script = Script(tasks: 1)
    for worker in 1...10 {
      #expect(script.join(worker, credit: 1) == [assign(0, worker, to: worker)])
      #expect(script.handle(.left(WorkerID(worker))) == [])
    }
    #expect(script.scheduler.setAsideCount == 0)
  }

  @Test func onlyTheDeadlyTaskIsSetAsideHoweverManyWereHeldWithIt() {
    var script = Script(tasks: 4)
    // Task 2 kills whoever computes it.
    var deaths = 0
    var setAside: [TaskID] = []
    var worker = 0
    while !script.scheduler.isFinished, worker < 20 {
      worker += 1
      var leases = script.join(worker, credit: 4)
      while let action = leases.first {
        leases.removeFirst()
        guard case .assign(let lease, _) = action else { continue }
        let isDeadly = lease.task == TaskID(2)
        if isDeadly { deaths += 1 }
        // The deadly one is begun first, so that all others are lost with it.
        if isDeadly || script.scheduler.leases(at: script.now).contains(where: { $0.1.task == TaskID(2) }) {
          if !isDeadly { deaths += 1 }
          let actions = script.handle(.died(WorkerID(worker)))
          for case .setAside(let task, _) in actions { setAside.append(task) }
          leases = []
        } else {
          leases += script.handle(.done(worker, lease.task.value, lease.attempt))
          leases += script.handle(.ready(WorkerID(worker), credit: 1))
        }
      }
    }
    #expect(setAside == [TaskID(2)])
    #expect(deaths == 3)
    #expect(script.scheduler.doneCount == 3)
  }

  @Test func theLastAttemptIsMadeAlone() {
    var script = Script(tasks: 6)
    for worker in 1...2 {
      script.join(worker, credit: 2)
      #expect(script.handle(.died(WorkerID(worker))) == [])
    }
    // Tasks 0 and 1 were there at two deaths: one at a time now, and nothing beside it.
    #expect(script.join(3, credit: 4) == [assign(0, 3, to: 3)])
    #expect(script.handle(.done(3, 0, 3)) == [accept(0, 3, from: 3), assign(1, 3, to: 3)])
    #expect(
      script.handle(.done(3, 1, 3)).dropFirst() == [assign(2, to: 3), assign(3, to: 3)])
  }

  @Test func aBusyWorkerIsEmptiedForAQuarantinedTask() {
    var script = Script(tasks: 9)
    script.join(1, credit: 3)
    for worker in 2...3 {
      script.join(worker, credit: 1)
      script.handle(.died(WorkerID(worker)))
    }
    // Task 3 waits for an empty worker; worker 1 gets nothing else until it is.
    #expect(script.handle(.done(1, 0)) == [accept(0, from: 1)])
    #expect(script.handle(.ready(WorkerID(1), credit: 5)) == [])
    #expect(script.handle(.done(1, 1)) == [accept(1, from: 1)])
    #expect(script.handle(.done(1, 2)) == [accept(2, from: 1), assign(3, 3, to: 1)])
    // Others get on with the rest meanwhile.
    #expect(script.join(4, credit: 1) == [assign(4, to: 4)])
  }

  @Test func theReasonsNameTheProcesses() throws {
    var script = Script(tasks: 1, attempts: 1)
    script.join(1, credit: 1, origin: "node-7:4711")
    guard case .setAside(_, let reasons) = try #require(script.handle(.died(WorkerID(1))).first) else {
      Issue.record("the task was not set aside")
      return
    }
    #expect(reasons == ["attempt 1: node-7:4711 died while it computed the shard"])
  }
}
