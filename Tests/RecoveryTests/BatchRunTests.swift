import Checkpoints
import Coordination
import Core
import Graph
import Lineage
import Monitoring
import Recovery
import Storage
import Synchronization
import System
import Testing
import TestSupport

/// Several recoveries over one pool.
struct BatchRunTests {
  @Test func everyJobHasItsOwnOutcomeInTheOrderOfTheList() throws {
    let folder = try TemporaryFolder()
    let run = ComputedRun(folder: folder)
    let models = try folder.makeFamily()
    let invocation = Invocation(inputs: [models], lineage: LineageOptions())
    try run.compute(invocation, at: folder.at("runs/new"))
    try run.compute(invocation, at: folder.at("runs/old"))
    _ = try run.recover(invocation, at: folder.at("runs/old"))
    let missing = Invocation(inputs: [folder.at("nowhere")], lineage: LineageOptions())
    let directory = try BatchDirectory(path: folder.at("runs"))
    let pool = try ShardPool(
      .endpoint("ipc://\(folder.at("nobody"))", keys: nil), interruption: .never, logger: directory.logger,
      directory: directory.path, report: { _ in })
    defer { pool.end() }
    let ended = Mutex<[String: Int]>([:])
    let batch = BatchRun(
      [
        .init(name: "new", out: folder.at("runs/new"), invocation: invocation),
        .init(name: "gone", out: folder.at("runs/gone"), invocation: missing),
        .init(name: "old", out: folder.at("runs/old"), invocation: invocation),
      ], pool: pool, redo: false
    ) { job, event in
      if case .ended = event { ended.withLock { $0[job, default: 0] += 1 } }
    }
    let outcomes = batch.run(atOnce: 2)
    #expect(outcomes.count == 3)
    guard case .recovered(models: 3, families: 1, seconds: _) = outcomes[0] else {
      Issue.record("\(outcomes)")
      return
    }
    guard case .failed(let failure) = outcomes[1] else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(failure.kind == .badInput)
    guard case .hadResults = outcomes[2] else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(ended.withLock { $0 } == ["new": 1, "gone": 1, "old": 1])
  }

  @Test func twoBatchesDoNotShareAFolder() throws {
    let folder = try TemporaryFolder()
    let first = try BatchDirectory(path: folder.at("runs"))
    let error = try #require(thrown { _ = try BatchDirectory(path: folder.at("runs")) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("another batch is working on"))
    withExtendedLifetime(first) {}
  }
}
