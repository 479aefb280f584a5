import Core
import Scheduling
import System
import TestSeed
import Testing
import VirtualCluster

/// Nobody gets more of the run than they earn.
@Suite struct FairnessTests {
  private let stranger = Party("a key", isElsewhere: false)
  private let other = Party("another key", isElsewhere: false)

  private func assigned(_ actions: [Scheduler.Action], to worker: Int) -> [Lease] {
    actions.compactMap {
      if case .assign(let lease, WorkerID(worker)) = $0 { lease } else { nil }
    }
  }

  @Test func whatAWorkerMayHoldGrowsWithItsAnswers() {
    var script = Script(tasks: 1000)
    script.handle(.joined(WorkerID(1), slots: 8, party: stranger))
    var held = assigned(script.handle(.ready(WorkerID(1), credit: 1_000_000)), to: 1)
    #expect(held.count == 4)
    for round in 1...20 {
      held += assigned(script.handle(.done(1, held.removeFirst().task.value)), to: 1)
      #expect(held.count == 4 + 8 + 2 * round)
    }
  }

  @Test func ownWorkersAreTrusted() {
    var script = Script(tasks: 100)
    #expect(script.join(1, credit: 100).count == 100)
  }

  @Test func newcomersTogetherHoldAboutHalf() {
    var script = Script(tasks: 40)
    var held = 0
    for worker in 1...10 {
      script.handle(.joined(WorkerID(worker), slots: 64, party: stranger))
      held += assigned(script.handle(.ready(WorkerID(worker), credit: 100)), to: worker).count
    }
    #expect((20...25).contains(held), "\(held)")
  }

  /// One that computes waits for nobody who does not.
  @Test func whoHoldsWithoutProgressLosesItAndWaitsLongerEachTime() {
    var script = Script(tasks: 1000)
    script.handle(.joined(WorkerID(1), party: stranger))
    script.handle(.ready(WorkerID(1), credit: 1000))
    script.handle(.joined(WorkerID(2), party: other))
    var work = assigned(script.handle(.ready(WorkerID(2), credit: 1)), to: 2)
    var losses: [Duration] = []
    var gains: [Duration] = []
    for _ in 0..<4000 {
      script.pass(.milliseconds(100))
      script.handle(.heard(WorkerID(1)))
      guard let lease = work.popLast() else { break }
      script.handle(.done(2, lease.task.value, lease.attempt))
      let actions = script.handle(.ready(WorkerID(2), credit: 1)) + script.handle(.tick)
      work += assigned(actions, to: 2)
      if !assigned(actions, to: 1).isEmpty { gains.append(script.now) }
      for action in actions {
        if case .revoke(_, WorkerID(1)) = action, losses.last != script.now { losses.append(script.now) }
      }
      if script.scheduler.isFinished { break }
    }
    #expect(losses.count >= 2, "\(losses)")
    let waits = zip(losses, gains).map { $1 - $0 }
    #expect(zip(waits, waits.dropFirst()).allSatisfy { $1 > $0 }, "\(waits)")
  }

  @Test func aTaskWhoseHoldersMakeNoProgressIsLentAThirdTime() {
    var script = Script(tasks: 1)
    for worker in 1...3 {
      script.handle(.joined(WorkerID(worker), party: Party("key \(worker)", isElsewhere: false)))
      script.handle(.ready(WorkerID(worker), credit: 5))
    }
    var holders: Set<WorkerID> = []
    for _ in 0..<40 {
      script.pass(.seconds(1))
      for worker in 1...3 { script.handle(.heard(WorkerID(worker))) }
      script.handle(.tick)
      holders.formUnion(script.scheduler.leases(at: script.now).map(\.0))
    }
    #expect(holders.count == 3)
  }

  @Test func strangersAloneCannotHaveATaskSetAside() {
    var script = Script(tasks: 3)
    script.handle(.joined(WorkerID(1), party: other))
    let first = assigned(script.handle(.ready(WorkerID(1), credit: 1)), to: 1)
    script.handle(.done(1, first[0].task.value))
    for worker in 2...9 {
      script.handle(.joined(WorkerID(worker), party: Party("key \(worker)", isElsewhere: true)))
      for lease in assigned(script.handle(.ready(WorkerID(worker), credit: 9)), to: worker) {
        script.handle(.failed(worker, lease.task.value, lease.attempt))
      }
    }
    #expect(script.scheduler.setAsideCount == 0)
    // What has failed goes to the one that has shown that it computes.
    let rest = assigned(script.handle(.ready(WorkerID(1), credit: 9)), to: 1)
    #expect(rest.count == 2)
    for lease in rest { script.handle(.done(1, lease.task.value, lease.attempt)) }
    #expect(script.scheduler.doneCount == 3)
  }

  @Test func someAnswersFromOtherHostsAreComparedWhileThereIsSomebodyToAsk() {
    var scheduler = Scheduler(shards: 20, limits: .init(verifiedElsewhere: 0.5))
    let away = Party("10.0.0.7", isElsewhere: true)
    func handle(_ event: Scheduler.Event) -> [Scheduler.Action] {
      let actions = scheduler.handle(event, at: .zero)
      #expect(scheduler.violation() == nil)
      return actions
    }
    _ = handle(.joined(WorkerID(1), origin: "a:1", party: away))
    // Nobody else: its word must do.
    for lease in assigned(handle(.ready(WorkerID(1), credit: 2)), to: 1) {
      #expect(handle(.done(WorkerID(1), lease, digest: made(1))).first == .accept(lease, from: WorkerID(1)))
    }
    _ = handle(.joined(WorkerID(2), origin: "b:1"))
    var held = 0
    var actions = handle(.ready(WorkerID(1), credit: 4))
    for lease in assigned(actions, to: 1) {
      actions = handle(.done(WorkerID(1), lease, digest: made(1)))
      if actions.first == .hold(lease, from: WorkerID(1)) { held += 1 }
    }
    #expect(held >= 1)
    // When the only other one goes, what waits for it counts.
    let last = handle(.left(WorkerID(2)))
    #expect(last.count { if case .accept = $0 { true } else { false } } == held)
    #expect(scheduler.heldCount == 0)
  }

  // MARK: In a virtual cluster

  private func time(_ selfish: [VirtualCluster.Conduct: Int], workers: Int, seed: UInt64, verified: Double = 0)
    -> VirtualCluster
  {
    var cluster = VirtualCluster(
      .init(
        workers: workers, jobs: [200], shardSeconds: 0.1, arrival: 0.1, dying: 0, leaving: 0, blind: 0,
        selfish: selfish, seed: seed), verified: verified)
    cluster.run(limit: 600)
    return cluster
  }

  @Test(arguments: [VirtualCluster.Conduct.hoarder, .failer, .sleeper, .flapper], [1, 4])
  func thirtyOfAKindCostHonestWorkersATenthAtMost(conduct: VirtualCluster.Conduct, workers: Int) {
    var seeds = Seeded.fresh()
    for _ in 0..<5 {
      let seed = seeds.next()
      let alone = time([:], workers: workers, seed: seed)
      let beside = time([conduct: 30], workers: workers, seed: seed)
      let comment: Comment = "\(conduct) beside \(workers), seed \(seed)"
      #expect(beside.scheduler.violation() == nil, comment)
      #expect(beside.accepted.count == 200 && beside.setAside == 0, comment)
      #expect(beside.now < 1.1 * alone.now + 0.5, "\(beside.now) s instead of \(alone.now) s, \(comment)")
    }
  }

  @Test func allOfThemTogetherCostATenthAtMost() {
    let seeds = Seeded.fresh()
    let all: [VirtualCluster.Conduct: Int] = [.hoarder: 30, .failer: 10, .sleeper: 10, .flapper: 10]
    let alone = time([:], workers: 3, seed: seeds.seed)
    let beside = time(all, workers: 3, seed: seeds.seed)
    #expect(beside.accepted.count == 200 && beside.setAside == 0, "seed \(seeds.seed)")
    #expect(beside.now < 1.1 * alone.now + 0.5, "\(beside.now) s instead of \(alone.now) s, seed \(seeds.seed)")
  }

  @Test func liarsConvinceNobodyWhereEverythingIsVerified() {
    let seeds = Seeded.fresh()
    let cluster = time([.liar: 5], workers: 6, seed: seeds.seed, verified: 1)
    #expect(cluster.lies == 0, "seed \(seeds.seed)")
    #expect(cluster.accepted.count + cluster.setAside == 200, "seed \(seeds.seed)")
  }
}
