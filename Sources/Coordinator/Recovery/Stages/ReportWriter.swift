internal import Coordination
internal import Core
internal import Foundation
internal import Graph
internal import Hints
internal import Journal
internal import Lineage
internal import Logging
internal import Planning
internal import Reports
internal import System

/// Writes what a recovery found into its run directory: the last stage.
struct ReportWriter {
  private let invocation: Invocation
  private let directory: RunDirectory
  private let clock = ContinuousClock.now
  private let started = Date()

  /// The time that a report shows begins here.
  init(_ invocation: Invocation, _ directory: RunDirectory) {
    self.invocation = invocation
    self.directory = directory
  }

  /// Does the run directory have what this invocation asks for? What model cards say may have changed.
  func hasResults(_ journal: Journal) throws(Failure) -> Bool {
    func modified(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    guard try journal.setting(Invocation.setting) == invocation.json, invocation.hints != HintSource.auto,
      let written = modified(directory.record)
    else { return false }
    let isCurrent = [invocation.truth, invocation.hints].compactMap { $0 }.allSatisfy { path in
      modified(path).map { $0 < written } ?? false
    }
    return isCurrent && areSound
  }

  /// Are the results as they were written? Those of versions that did not keep what they look like pass.
  private var areSound: Bool {
    guard let record = try? RunRecord(path: directory.record) else { return false }
    return (record.results ?? []).allSatisfy { result in
      let flaw: ResultFile.Flaw?
      do throws(Failure) { flaw = try result.flaw(in: directory.path) } catch { return false }
      return flaw == nil
    }
  }

  /// Until the new results are there, the directory holds none.
  func removeResults() { try? FileManager.default.removeItem(atPath: directory.record) }

  /// `run.json` comes last: it says that the results are whole, and what they look like.
  ///
  /// - Throws: `Failure` (cannot write), and when truth and models have nothing in common.
  func write(
    _ solution: Solution, _ comparison: Comparison, _ computed: ShardWork.Report, _ hints: Hints?, _ truth: Truth?,
    _ times: PhaseTimes
  ) throws(Failure) -> RecoveryReport {
    var times = times
    let plan = comparison.plan
    let notes = plan.notes + solution.notes
    var tree = TreeReport(
      graph: solution.graph,
      description: RunDescription(options: invocation.lineage, notes: notes.map { "\($0.subject): \($0.text)" }))
    if let hints {
      tree.graph.compare(declared: hints.models.compactMapValues(\.base))
      for node in tree.graph.nodes.indices {
        let id = tree.graph.nodes[node].id
        tree.graph.nodes[node].model?.license = hints.models[id]?.license
      }
    }
    let evaluation = try truth.map { truth throws(Failure) in try Evaluation(tree.graph, truth: truth) }
    let written = try times.measure("report") { () throws(Failure) in
      try solution.results.close(families: solution.families, homes: solution.homes)
      return try TreeFormat.writeAll(tree, to: directory.path) + writeHints(tree.graph)
    }
    var record = RunRecord(invocation, started: started)
    record.describe(plan, try comparison.journal.totals(), resumed: comparison.resumed.count)
    record.addRead(adapterBytes: solution.adapterBytes)
    record.notes = notes
    record.evaluation = evaluation
    if invocation.hashes ?? false {
      try times.measure("hash") { () throws(Failure) in try FileHashes.add(to: &record) }
    }
    record.describe(computed, times)
    record.seconds = (ContinuousClock.now - clock) / .seconds(1)
    let files = written + [try TreePage.write(record, to: directory.path), directory.results]
    record.results = try files.map { path throws(Failure) in try ResultFile(path) }
    try AtomicFile.write(record.json, to: directory.record)
    directory.logger.info("finished", metadata: ["seconds": "\(fixed(record.seconds, 2))"])
    return RecoveryReport(
      directory: directory.path, tree: tree, evaluation: evaluation, seconds: record.seconds,
      files: files + [directory.record, directory.log])
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
}
