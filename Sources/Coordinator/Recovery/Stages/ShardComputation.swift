internal import Coordination
internal import Core
internal import Glibc
internal import Journal
internal import Lineage
internal import Planning
internal import System

/// Has the shards of a comparison computed that are not finished yet.
struct ShardComputation {
  let pool: ShardPool
  let directory: RunDirectory
  /// What people call the run.
  let name: String
  let options: LineageOptions
  /// Can the run be resumed?
  let isKept: Bool
  let report: RunEventHandler

  /// Waits until every shard is finished.
  ///
  /// - Throws: `Failure`: stopped by a signal, shards that could not be computed, sources that changed in the
  ///   meantime, too little memory.
  func finish(_ comparison: Comparison) throws(Failure) -> ShardWork.Report {
    let (plan, done) = (comparison.plan, comparison.resumed)
    if !done.isEmpty { report(.resumed(shardsDone: done.count, shards: plan.shards.count)) }
    if !comparison.isFinished { try checkMemory(plan) }
    let work = ShardWork(
      name: name, directory: directory.path, plan: plan, run: comparison.identity.text,
      journal: comparison.journal, done: done)
    var tree: InterimTreeThread?
    if pool.isWatched {
      let solver = InterimTreeSolver(plan, journal: directory.journal, options: options)
      tree = InterimTreeThread(solver) { [pool] in pool.note(work.run, tree: $0) }
    }
    defer { tree?.stop() }
    let computed = try pool.compute(work)
    for dispute in computed.disputes { report(.disputed(dispute)) }
    switch computed.outcome {
    case .finished:
      if !comparison.isFinished { try SourceCheck.afterComputing(plan.models, run: directory.path) }
      return computed
    case .stopped(let signal):
      let kind = signal == SIGINT ? Failure.Kind.interrupted : .resumable
      guard isKept else { throw Failure(kind, "stopped; nothing is kept", advice: "repeat the command") }
      let kept = try comparison.journal.totals().shards
      throw Failure(
        kind, "stopped; \(kept) of \(plan.shards.count) shards are kept",
        advice: "resume with: modeltree resume \(directory.path)")
    case .incomplete(let reasons):
      throw Failure(
        .resumable,
        "\(reasons.count) of \(plan.shards.count) shards could not be computed, so there is no tree:\n  "
          + reasons.joined(separator: "\n  "),
        advice: isKept
          ? "fix the cause, then resume with: modeltree resume \(directory.path)"
          : "fix the cause, then repeat the command")
    }
  }

  private func checkMemory(_ plan: Plan) throws(Failure) {
    guard case .local(let workers) = pool.listening, workers.memoryBytes < plan.minimumWorkerBytes else { return }
    throw .usage(
      "comparing these models requires at least \(ByteCount(bytes: plan.minimumWorkerBytes)) per worker, --memory gives \(ByteCount(bytes: workers.memoryBytes))",
      advice: "raise --memory, and lower --workers if this machine has too little memory")
  }
}
