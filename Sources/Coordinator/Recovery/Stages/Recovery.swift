import Checkpoints
import Coordination
import Core
import Foundation
import Gathering
import Glibc
import Graph
import Hints
import Journal
import Lineage
import Logging
import Monitoring
import Planning
import Reports
import Storage
package import System

/// One recovery from paths to reports: import -> plan -> shards -> matrices -> tree -> report.
package struct Recovery {
  let invocation: Invocation
  let directory: RunDirectory
  let pool: ShardPool
  /// What people call it.
  let name: String
  /// May the run directory get other models than it has?
  let mayChangeModels: Bool
  /// Is a run that has its results already left alone?
  let keepsResults: Bool
  private let report: RunEventHandler
  private let started = ContinuousClock.now

  package init(
    _ invocation: Invocation, directory: RunDirectory, pool: ShardPool, name: String? = nil,
    mayChangeModels: Bool, keepsResults: Bool = false, report: @escaping RunEventHandler
  ) {
    self.invocation = invocation
    self.directory = directory
    self.pool = pool
    self.name = name ?? URL(fileURLWithPath: directory.path).lastPathComponent
    self.mayChangeModels = mayChangeModels
    self.keepsResults = keepsResults
    self.report = report
  }

  /// Recovers, writes the results and ends the pool.
  ///
  /// - Returns: nil when the results were there already.
  package func run() throws(Failure) -> RecoveryReport? {
    defer { pool.end() }
    // A run that was begun may need no workers any more.
    if !FileManager.default.fileExists(atPath: directory.journal) { pool.prepare() }
    return try recover()
  }

  /// Recovers with a pool that others use too, and writes the results.
  ///
  /// - Returns: nil when the results were there already.
  package func recover() throws(Failure) -> RecoveryReport? {
    // A truth file that cannot be used is better known before hours of work than after.
    var truth: Truth?
    if let path = invocation.truth { truth = try TruthDocument.read(path) }
    let given = try invocation.hints.map { path throws(Failure) in try HintSource(path) }
    var record = RunRecord(invocation)

    let (plan, identity) = try makePlan(&record)
    if let truth { try checkTruth(truth, plan) }
    let hints = try given?.hints(of: plan.models, report: report)
    let journal = try Journal(path: directory.journal)
    let hasResults = try hasResults(journal)
    let stores = try adopt(identity, plan, journal)
    if keepsResults, hasResults, try journal.finishedShards().count == plan.shards.count { return nil }
    // Until the new results are there, the directory holds none.
    try? FileManager.default.removeItem(atPath: directory.record)
    try computeShards(stores, identity, journal, &record)
    let results = try ResultsFile(
      to: directory.results, ids: plan.models.map(\.id), tensors: plan.tensors.map(ResultsFile.Tensor.init))
    var adapters = AdapterEvidence(stores, metric: invocation.lineage.metric)
    var lineage = try record.time("solve") { () throws(Failure) in
      try solve(stores, journal, hints) { tensor throws(Failure) in
        try results.add(tensor)
        try adapters.add(tensor)
      }
    }
    let notes =
      lineage.unusable.notes(plan.models)
      + adapters.adopt(into: &lineage) {
        LineageProblem.isForbidden($0, $1, plan, hints)
      }
    record.count(adapterBytes: adapters.bytesRead)
    for note in notes { report(.note(note)) }
    record.notes = plan.notes + notes
    var tree = GraphBuilder.report(lineage, plan, invocation.lineage, record.notes)
    if let hints { tree.graph.compare(declared: hints.models.compactMapValues(\.base)) }
    let finished = try write(tree, lineage, results, plan, truth, &record)
    pool.note(identity.text, .finished)
    return finished
  }

  /// Does the run directory have what this invocation asks for? What model cards say may have changed.
  private func hasResults(_ journal: Journal) throws(Failure) -> Bool {
    func modified(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    guard try journal.setting(Invocation.setting) == invocation.json, invocation.hints != HintSource.auto,
      let written = modified(directory.record)
    else { return false }
    return [invocation.truth, invocation.hints].compactMap { $0 }.allSatisfy { path in
      modified(path).map { $0 < written } ?? false
    }
  }

  /// Compares and solves, and reports nothing: for questions about few models.
  func solved() throws(Failure) -> (Plan, Lineage) {
    defer { pool.end() }
    pool.prepare()
    var record = RunRecord(invocation)
    let (plan, identity) = try makePlan(&record)
    let journal = try Journal(path: directory.journal)
    let stores = try adopt(identity, plan, journal)
    try computeShards(stores, identity, journal, &record)
    return (plan, try solve(stores, journal, nil) { _ throws(Failure) in })
  }

  private func solve(
    _ plan: Plan, _ journal: Journal, _ hints: Hints?, observing: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) -> Lineage {
    Allocator.keepFreed()
    let solver = LineageSolver(LineageProblem(plan, options: invocation.lineage, hints: hints))
    return try solver.solve(
      Gatherer(plan) { id throws(Failure) in try journal.partial(of: id) }, observing: observing)
  }

  private func makePlan(_ record: inout RunRecord) throws(Failure) -> (Plan, RunIdentity) {
    let statistics = invocation.lineage.metric.statistics
    let plan = try record.time("import and plan") { () throws(Failure) in
      let intake = try CollectionLoader(invocation.inputs, stores: directory.newStores, mode: .places)
      try intake.requireTwo()
      return Plan(
        models: intake.records, alignment: intake.alignment, statistics: statistics, notes: intake.notes)
    }
    try PlanPreconditions.check(plan, invocation.lineage)
    for note in plan.notes { report(.note(note)) }
    report(
      .planned(
        models: plan.models.count, tensors: plan.tensors.count, shards: plan.shards.count, bytes: plan.bytes))
    let samples = try WeightSample.fingerprints(of: plan.models)
    return (plan, RunIdentity(plan: plan, statistics: statistics, samples: samples))
  }

  private func checkTruth(_ truth: Truth, _ plan: Plan) throws(Failure) {
    let ids = Set(plan.models.map(\.id))
    let unknown = truth.models.map(\.id).filter { !ids.contains($0) }
    guard unknown.count < truth.models.count else {
      throw .badInput(
        "the truth file '\((invocation.truth ?? "").printable)' and the models have no id in common",
        advice: "ids are folder or file names, here for example '\(plan.models[0].id.printable)'")
    }
    if let first = unknown.first {
      report(.unknownModels(file: "the truth file names", count: unknown.count, example: first))
    }
  }

  /// Makes the plan this directory's own, or refuses when the directory belongs to other inputs.
  private func adopt(_ identity: RunIdentity, _ plan: Plan, _ journal: Journal) throws(Failure) -> Plan {
    if let known = try RunIdentity(recordedIn: journal), known != identity {
      if mayChangeModels, RunExtension.isPossible(from: known, to: identity, notes: plan.notes) {
        return try succeed(known, identity, plan, journal)
      }
      try? FileManager.default.removeItem(atPath: directory.newStores)
      let differences = identity.differences(from: known)
      let shown = differences.prefix(8).map { "\n  \($0)" }.joined()
      let more = differences.count > 8 ? "\n  and \(differences.count - 8) more" : ""
      throw .cannotWrite(
        "'\(directory.path.printable)' holds another run:\(shown)\(more)",
        advice: "name another folder with --out, or start over with --redo")
    }
    try journal.set(settings(identity, plan))
    return try adoptStores(plan)
  }

  /// What the journal says of the run beside its shards.
  private func settings(_ identity: RunIdentity, _ plan: Plan) -> [String: String] {
    [
      Journal.identitySetting: JSONText.of(identity), Invocation.setting: invocation.json,
      "shards": "\(plan.shards.count)", RunExtension.setting: JSONText.of(PlanOutline(plan)),
    ]
  }

  /// More models, or fewer, than the directory has: what can be kept is kept.
  private func succeed(
    _ known: RunIdentity, _ identity: RunIdentity, _ plan: Plan, _ journal: Journal
  ) throws(Failure) -> Plan {
    let kept = try RunExtension.carryOver(
      journal, from: known, to: identity, plan, settings: settings(identity, plan))
    report(
      .extended(
        added: kept.added, removed: kept.removed, shardsKept: kept.shardsKept, shards: plan.shards.count,
        bytesSaved: kept.bytesSaved, bytes: plan.bytes))
    return try adoptStores(plan)
  }

  private func adoptStores(_ plan: Plan) throws(Failure) -> Plan {
    var models = plan.models
    do {
      if FileManager.default.fileExists(atPath: directory.stores) {
        try FileManager.default.removeItem(atPath: directory.stores)
      }
      try FileManager.default.moveItem(atPath: directory.newStores, toPath: directory.stores)
    } catch {
      throw .cannotWrite(
        "cannot put the model stores into '\(directory.stores.printable)': \((error as NSError).localizedDescription)",
        advice: "see that the folder may be written to")
    }
    for index in models.indices where models[index].store.hasPrefix(directory.newStores + "/") {
      models[index].store = directory.stores + models[index].store.dropFirst(directory.newStores.count)
    }
    return plan.moved(to: models)
  }

  private func computeShards(
    _ plan: Plan, _ identity: RunIdentity, _ journal: Journal, _ record: inout RunRecord
  ) throws(Failure) {
    let done = try journal.finishedShards()
    if !done.isEmpty { report(.resumed(shardsDone: done.count, shards: plan.shards.count)) }
    if done.count < plan.shards.count { try checkMemory(plan) }
    let work = ShardWork(
      name: name, directory: directory.path, plan: plan, run: identity.text, journal: journal, done: done)
    var tree: InterimTreeSolver?
    if pool.isWatched {
      tree = InterimTreeSolver(plan, journal: directory.journal, options: invocation.lineage) { [pool] in
        pool.note(work.run, tree: $0)
      }
    }
    defer { tree?.stop() }
    let computed = try record.time("compare") { () throws(Failure) in try pool.compute(work) }
    record.disputes = computed.disputes
    record.servingSeconds = computed.servingSeconds
    for dispute in computed.disputes { report(.disputed(dispute)) }
    let totals = try journal.totals()
    record.count(plan, totals, resumed: done.count)
    switch computed.outcome {
    case .finished:
      if done.count < plan.shards.count { try checkSources(plan) }
    case .stopped(let signal):
      throw Failure(
        signal == SIGINT ? .interrupted : .resumable,
        "stopped; \(totals.shards) of \(plan.shards.count) shards are kept",
        advice: "resume with: modeltree resume \(directory.path)")
    case .incomplete(let reasons):
      throw Failure(
        .resumable,
        "\(reasons.count) of \(plan.shards.count) shards could not be computed, so there is no tree:\n  "
          + reasons.joined(separator: "\n  "),
        advice: "fix the cause, then resume with: modeltree resume \(directory.path)")
    }
  }

  /// Whoever had a file open when it was written to read some of the old and some of the new weights. Of a file that
  /// is gone, nobody knows until it is back; what was computed is kept for then.
  private func checkSources(_ plan: Plan) throws(Failure) {
    var gone: [String] = []
    for model in plan.models {
      do throws(Failure) {
        gone += try model.verifyPresentSources()
      } catch {
        throw .badInput(
          "during the run, \(error.message); what was computed mixes old and new weights",
          advice: "start over with --redo")
      }
    }
    guard let first = gone.first else { return }
    throw Failure(
      .resumable,
      "\(gone.count == 1 ? "a file" : "\(gone.count) files") with weights disappeared during the run: '\(first.printable)'\(gone.count == 1 ? " is" : " and others are") gone",
      advice: "put it back as it was, then resume with: modeltree resume \(directory.path)")
  }

  private func checkMemory(_ plan: Plan) throws(Failure) {
    guard case .local(let options) = pool.listening, options.memoryBytes < plan.minimumWorkerBytes else { return }
    throw .usage(
      "comparing these models requires at least \(ByteCount(bytes: plan.minimumWorkerBytes)) per worker, --memory gives \(ByteCount(bytes: options.memoryBytes))",
      advice: "raise --memory, and lower --workers if this machine has not enough")
  }

  /// Writes the table of declared bases; removes the one of an earlier run without hints.
  private func writeHints(_ graph: ModelGraph) throws(Failure) -> [String] {
    let path = "\(directory.path)/\(HintTable.fileName)"
    guard let table = HintTable.render(graph) else {
      try? FileManager.default.removeItem(atPath: path)
      return []
    }
    try AtomicFile.write(table, to: path)
    return [path]
  }

  private func write(
    _ tree: TreeReport, _ lineage: Lineage, _ results: ResultsFile, _ plan: Plan, _ truth: Truth?,
    _ record: inout RunRecord
  ) throws(Failure) -> RecoveryReport {
    var evaluation: Evaluation?
    if let truth { evaluation = try Evaluation(tree.graph, truth: truth) }
    let files = try record.time("report") { () throws(Failure) in
      try results.finish(lineage, metric: invocation.lineage.metric)
      return try TreeFormat.writeAll(tree, to: directory.path) + writeHints(tree.graph)
    }
    record.finish(evaluation, seconds: (ContinuousClock.now - started) / .seconds(1))
    try AtomicFile.write(JSONText.of(record, style: [.pretty, .snakeCase]) + "\n", to: directory.record)
    let page = try TreePage.write(to: directory.path)
    directory.logger.info("finished", metadata: ["seconds": "\(fixed(record.seconds, 2))"])
    return RecoveryReport(
      directory: directory.path, tree: tree, evaluation: evaluation, seconds: record.seconds,
      files: files + [page, directory.results, directory.record, directory.log])
  }
}
