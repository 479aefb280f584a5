package import Core
internal import Foundation
internal import Graph
internal import Journal
internal import Lineage
internal import Monitoring
package import Planning
package import Registry
internal import Storage
package import System

/// One recovery: Collection -> Plan -> Comparison -> TensorStatistics -> Lineage -> Report. Each stage is a value
/// that the next one is made of.
package struct Recovery {
  private let invocation: Invocation
  private let directory: RunDirectory
  private let pool: ShardPool
  private let name: String
  private let mayChangeModels: Bool
  private let keepsResults: Bool
  private let registryIsGiven: Bool
  private let neighborhoods: NeighborhoodSearch.Bounds
  private let report: RunEventHandler

  /// - Parameters:
  ///   - invocation: what the user asked for.
  ///   - pool: computes the shards.
  ///   - directory: its lock is held until the recovery is released.
  ///   - name: what people call the run; the folder's name when nil.
  ///   - mayChangeModels: may the run directory get other models than it has?
  ///   - keepsResults: is a run that has its results already left alone?
  ///   - registryIsGiven: did the user name the registry? One that only a journal names is read, and neither made nor
  ///     added to: run directories are handed on, and their senders do not say where to write.
  ///   - neighborhoods: from when on only near models of a section are compared.
  ///   - report: receives what happens, on the thread that it happens on.
  package init(
    _ invocation: Invocation, directory: RunDirectory, pool: ShardPool, name: String? = nil,
    mayChangeModels: Bool, keepsResults: Bool = false, registryIsGiven: Bool = true,
    neighborhoods: NeighborhoodSearch.Bounds = .init(), report: @escaping RunEventHandler
  ) {
    self.invocation = invocation
    self.directory = directory
    self.pool = pool
    self.name = name ?? URL(fileURLWithPath: directory.path).lastPathComponent
    self.mayChangeModels = mayChangeModels
    self.keepsResults = keepsResults
    self.registryIsGiven = registryIsGiven
    self.neighborhoods = neighborhoods
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
    let writer = ReportWriter(invocation, directory)
    var times = PhaseTimes()
    let annotations = try Annotations(invocation)
    let plan = try plan(&times)
    let hints = try annotations.hints(for: Array(plan.models[..<plan.collectionCount]), report: report)
    let journal = try Journal(path: directory.journal)
    let hasResults = keepsResults ? try writer.hasResults(journal) : false
    let comparison = try compare(plan, journal)
    if hasResults, comparison.isFinished { return nil }
    writer.removeResults()
    let computed = try times.measure("compare") { () throws(Failure) in
      try computation(isKept: true).finish(comparison)
    }
    let solution = try times.measure("solve") { () throws(Failure) in
      try Solution(comparison, options: invocation.lineage, hints: hints, results: directory.results)
    }
    for note in solution.notes { report(.note(note)) }
    let finished = try writer.write(solution, comparison, computed, hints, annotations.truth, times)
    pool.note(comparison.identity.text, .finished)
    return finished
  }

  /// Compares and solves, and writes no results: for questions about few models.
  ///
  /// - Parameters:
  ///   - observing: called once with every tensor, in order.
  ///   - check: called with the plan before anything is computed; what it throws ends all.
  func solve(
    observing: (TensorSums) throws(Failure) -> Void = { _ throws(Failure) in },
    check: (Plan) throws(Failure) -> Void = { _ throws(Failure) in }
  ) throws(Failure) -> (plan: Plan, lineage: Lineage, graph: ModelGraph) {
    defer { pool.end() }
    pool.prepare()
    var times = PhaseTimes()
    let wanted = try self.plan(&times)
    try check(wanted)
    let comparison = try compare(wanted, try Journal(path: directory.journal))
    _ = try computation(isKept: false).finish(comparison)
    Allocator.keepFreed()
    let plan = comparison.plan
    // Of few models, one section has all.
    let part = plan.isWhole ? plan : plan.section(plan.sections.count - 1)
    var problem = LineageProblem(part, options: invocation.lineage)
    problem.updates = AdapterUpdates(part)
    let lineage = try LineageSolver(problem).solve(comparison.statistics(of: part), observing: observing)
    let graph = GraphBuilder.joined([GraphBuilder.graph(lineage, part)], siblings: [[]], plan)
    return (plan, lineage, graph)
  }

  private func plan(_ times: inout PhaseTimes) throws(Failure) -> Plan {
    let plan = try times.measure("import and plan") { () throws(Failure) in
      let collection = try CollectionLoader(
        stores: directory.newStores, mode: .places, restored: invocation.align ?? true ? directory.aligned : nil,
        hasWidths: invocation.lineage.families == nil
      ).load(invocation.inputs)
      try collection.requireTwo()
      return try sectioned(collection)
    }
    try PlanPreconditions.check(plan, invocation.lineage)
    for note in plan.notes { report(.note(note)) }
    report(
      .planned(
        models: plan.collectionCount, tensors: plan.tensors.count, shards: plan.shards.count, bytes: plan.bytes))
    return plan
  }

  /// The plan of all pairs, or of those that fingerprints leave.
  private func sectioned(_ collection: ModelCollection) throws(Failure) -> Plan {
    let statistics = invocation.lineage.metric.statistics
    let choice = invocation.pairs ?? .auto
    if choice != .sections {
      let whole = Plan(collection, statistics: statistics)
      guard choice == .auto, CollectionSections.areNeeded(whole) else { return whole }
    }
    let plain = collection.plain
    guard invocation.lineage.families == nil else {
      throw .usage(
        "--families with a number requires that all pairs are compared",
        advice: "leave out --families, or compare all pairs with --pairs all")
    }
    let found = try CollectionSections(
      collection.part(plain), registry: invocation.registry ?? directory.registry,
      isAddedTo: registryIsGiven || invocation.registry == nil,
      neighborhoods: invocation.lineage.metric == .auto ? neighborhoods : nil, report: report)
    return Plan(
      models: collection.models, alignment: collection.alignment, statistics: statistics,
      notes: collection.notes + found.notes,
      sections: found.sections.map { $0.map { plain[$0] } } + collection.widths,
      covers: found.covers.map { $0.renumbered { plain[$0] } })
  }

  private func compare(_ plan: Plan, _ journal: Journal) throws(Failure) -> Comparison {
    try ComparisonOpener(
      directory: directory, invocation: invocation, mayChangeModels: mayChangeModels, report: report
    ).open(plan, journal)
  }

  private func computation(isKept: Bool) -> ShardComputation {
    ShardComputation(
      pool: pool, directory: directory, name: name, options: invocation.lineage, isKept: isKept, report: report)
  }
}

extension Plan {
  /// The second stage of a recovery.
  package init(_ collection: ModelCollection, statistics: Statistics) {
    self.init(
      models: collection.models, alignment: collection.alignment, statistics: statistics, notes: collection.notes,
      sections: collection.sections)
  }
}
