import Core
import Scheduling
import System
import Testing

/// Shards that several workers share.
@Suite struct PartsTests {
  private func script(shards: Int = 1, pieces: Int = 16, mostBytes: Int = 100, verified: Double = 0) -> Script {
    Script(
      tasks: shards, verified: verified,
      sharing: Sharing(
        shards: Array(repeating: .init(pieces: pieces, sumBytes: 1), count: shards), mostBytes: mostBytes))
  }

  private func leases(_ actions: [Scheduler.Action], to worker: Int) -> [Lease] {
    actions.compactMap { if case .assign(let lease, WorkerID(worker)) = $0 { lease } else { nil } }
  }

  private func parts(_ script: Script, _ leases: [Lease]) -> [ShardPart] {
    leases.map { script.scheduler.part(of: $0.task) }
  }

  /// Two workers that take equally long share one shard evenly, and every piece is computed once.
  @Test func theLastShardIsShared() {
    var script = script()
    var queues: [Int: [Lease]] = [:]
    var pieces = 0
    var accepted = 0
    for worker in 1...4 { queues[worker] = leases(script.join(worker, credit: 1), to: worker) }
    for _ in 0..<64 where !script.scheduler.isFinished {
      script.pass(.seconds(1))
      for worker in 1...4 {
        guard let lease = queues[worker]?.first else { continue }
        pieces += script.scheduler.part(of: lease.task).count
        let actions = script.handle(.done(WorkerID(worker), lease)) + script.handle(.ready(WorkerID(worker), credit: 1))
        accepted += actions.count { if case .accept = $0 { true } else { false } }
        queues[worker] = []
        for other in 1...4 { queues[other]? += leases(actions, to: other) }
      }
    }
    #expect(script.scheduler.isFinished && script.scheduler.doneCount == 1)
    #expect(pieces < 24 && accepted >= 4, "\(pieces) pieces in \(accepted) answers")
  }

  @Test func whileThereIsMuchToDoShardsStayWhole() {
    var script = script(shards: 200)
    script.handle(.joined(WorkerID(1)))
    // Nobody knows yet how fast it is.
    let first = leases(script.handle(.ready(WorkerID(1), credit: 1)), to: 1)
    #expect(parts(script, first).map(\.count) == [2])
    script.pass(.seconds(2))
    script.handle(.done(WorkerID(1), first[0]))
    let next = leases(script.handle(.ready(WorkerID(1), credit: 1)), to: 1)
    // What has been begun is finished first.
    #expect(parts(script, next).map(\.count) == [8])
    let last = leases(script.handle(.ready(WorkerID(1), credit: 9)), to: 1)
    #expect(last.count == 1)
  }

  @Test func noMoreIsSplitThanThereIsRoomFor() {
    var script = script(shards: 8, mostBytes: 3)
    for worker in 1...40 { script.join(worker, credit: 1) }
    // Three tasks are split, so that eleven can be held.
    #expect(script.scheduler.leases(at: script.now).count == 11)
  }

  @Test func whatNobodyIsAtIsGivenToOthers() {
    var script = script(shards: 1)
    let first = leases(script.join(1, credit: 1), to: 1)
    let second = leases(script.join(2, credit: 1), to: 2)
    #expect(first.count == 1 && second.count == 1)
    script.handle(.done(WorkerID(1), first[0]))
    script.handle(.left(WorkerID(1)))
    script.handle(.died(WorkerID(2)))
    script.join(3, credit: 1)
    var answers = 0
    while let (worker, lease, _) = script.scheduler.leases(at: script.now).first, answers < 20 {
      script.pass(.seconds(1))
      script.handle(.done(worker, lease))
      script.handle(.ready(worker, credit: 1))
      answers += 1
    }
    #expect(script.scheduler.isFinished)
  }

  /// Two compute in halves what a third one, who has all of it, does not finish.
  @Test func theIdleHelpThoseWhoWouldBeLast() throws {
    var script = script(shards: 3, pieces: 2)
    var last: [Int: Lease] = [:]
    for worker in 1...3 { last[worker] = leases(script.join(worker, credit: 1), to: worker).first }
    var stuck: Lease?
    for _ in 0..<200 where !script.scheduler.isFinished {
      script.pass(.seconds(1))
      for worker in 1...3 { script.handle(.heard(WorkerID(worker))) }
      script.handle(.tick)
      for worker in [2, 3] {
        guard let lease = script.scheduler.leases(at: script.now).first(where: { $0.0 == WorkerID(worker) })?.1
        else { continue }
        script.handle(.done(WorkerID(worker), lease))
        script.handle(.ready(WorkerID(worker), credit: 1))
      }
      stuck = script.scheduler.leases(at: script.now).first { $0.0 == WorkerID(1) }?.1 ?? stuck
    }
    #expect(script.scheduler.isFinished && stuck != nil)
    #expect(script.now < .seconds(30), "\(script.now)")
  }

  @Test func anAnswerToTheWholeEndsItsParts() throws {
    var script = script(shards: 1, pieces: 2)
    let part = try #require(leases(script.join(1, credit: 1), to: 1).first)
    let (left, right) = try #require(ShardPart(wholeOf: 2).halves)
    #expect(script.scheduler.task(TaskID(0), left) == part.task)
    let other = try #require(script.scheduler.task(TaskID(0), right))
    #expect(script.scheduler.task(TaskID(0), ShardPart(wholeOf: 2)) == TaskID(0))
    #expect(
      script.scheduler.task(TaskID(0), nil) == nil && script.scheduler.task(TaskID(0), ShardPart(wholeOf: 4)) == nil)
    // Of what was never handed out nobody has an answer.
    #expect(
      script.handle(.done(WorkerID(1), Lease(task: other, attempt: 1))).first
        == .refuse(WorkerID(1), Lease(task: other, attempt: 1)))
    #expect(
      script.handle(.done(WorkerID(1), Lease(task: TaskID(0), attempt: 1))).first == .refuse(WorkerID(1), lease(0)))
    #expect(script.handle(.done(WorkerID(1), part)) == [.accept(part, from: WorkerID(1))])
    #expect(script.handle(.done(WorkerID(1), part)) == [.ignore(part, from: WorkerID(1))])
    #expect(script.scheduler.doneCount == 0)
    let rest = try #require(leases(script.handle(.ready(WorkerID(1), credit: 1)), to: 1).first)
    #expect(rest.task == other)
    #expect(script.handle(.done(WorkerID(1), rest)) == [.accept(rest, from: WorkerID(1)), .finish(JobID(0))])
    #expect(script.scheduler.doneCount == 1 && script.scheduler.states(of: JobID(0)) == [.done])
  }

  @Test func aPartThatFailsTooOftenSetsItsShardAside() throws {
    var script = script(shards: 1, pieces: 4)
    script.join(1, credit: 9)
    var actions: [Scheduler.Action] = []
    for _ in 0..<12 where !script.scheduler.isFinished {
      let held = try #require(script.scheduler.leases(at: script.now).first?.1)
      actions += script.handle(.failed(WorkerID(1), held, reason: "broken"))
      script.handle(.ready(WorkerID(1), credit: 1))
    }
    #expect(actions.contains { if case .setAside(TaskID(0), _) = $0 { true } else { false } })
    #expect(script.scheduler.setAsideCount == 1 && script.scheduler.isFinished)
  }
  /// Whoever computes any part dies. Those who share it when that shows are lost, and few others.
  @Test(arguments: [4, 12, 40]) func aDeadlyShardCostsThoseWhoShareItAndThreeMore(workers: Int) throws {
    var script = script(shards: 1, pieces: 16)
    for worker in 0..<workers { script.join(worker, credit: 1) }
    let sharing = Set(script.scheduler.leases(at: script.now).map(\.0)).count
    var deaths = 0
    var setAside = 0
    while let dying = script.scheduler.leases(at: script.now).first?.0, deaths < 100 {
      deaths += 1
      for case .setAside(TaskID(0), _) in script.handle(.died(dying)) { setAside += 1 }
      script.join(1000 + deaths, credit: 1)
    }
    #expect(setAside == 1 && script.scheduler.isFinished)
    #expect(deaths <= sharing + 3, "\(deaths) deaths, \(sharing) shared it")
  }

  /// A holder need not compute what others have answered, and hears so; what it holds of other shards stays.
  @Test func whatOthersHaveFinishedIsRevoked() throws {
    var script = script(shards: 1, pieces: 2)
    let part = try #require(leases(script.join(1, credit: 1), to: 1).first)
    let other = try #require(leases(script.join(2, credit: 1), to: 2).first)
    script.pass(.seconds(1))
    script.handle(.done(WorkerID(2), other))
    // What is held for long is given to another one as well.
    script.pass(.seconds(31))
    for worker in 1...2 { script.handle(.heard(WorkerID(worker))) }
    script.pass(.seconds(1))
    let copies = leases(script.handle(.ready(WorkerID(2), credit: 9)) + script.handle(.tick), to: 2)
    let copy = try #require(copies.first { $0.task == part.task }, "\(part), then \(copies)")
    let actions = script.handle(.done(WorkerID(2), copy))
    #expect(actions == [.accept(copy, from: WorkerID(2)), .revoke(part, from: WorkerID(1)), .finish(JobID(0))])
    #expect(script.handle(.done(WorkerID(1), part)) == [.ignore(part, from: WorkerID(1))])
  }
}
