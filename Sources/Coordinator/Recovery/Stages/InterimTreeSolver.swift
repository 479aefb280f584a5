import Checkpoints
import Core
import Gathering
import Graph
import Journal
package import Lineage
package import Monitoring
package import Planning
import System

/// Solves what the finished tensors say while shards are still being computed, for the status page.
package struct InterimTreeSolver: Sendable {
  private let plan: Plan
  private let journal: String
  private let options: LineageOptions

  private static let mostReplicates = 50

  /// - Parameter journal: path of the run's journal, which the serving thread writes.
  package init(_ plan: Plan, journal: String, options: LineageOptions) {
    self.plan = plan
    self.journal = journal
    var options = options
    options.replicates = min(options.replicates, Self.mostReplicates)
    self.options = options
  }

  /// The forest of the finished tensors; nil when they are too few, or hardly more than before, or do not
  /// determine one yet.
  package func tree(moreThan known: Int) -> JobStatus.PartialTree? {
    // A connection of its own: readers of the journal do not block the writer.
    guard let journal = try? Journal(reading: journal), let done = try? journal.finishedShards() else { return nil }
    let part = plan.finished(done)
    guard part.tensors.count > known + known / 10, part.tensors.count < plan.tensors.count else { return nil }
    var families: [JobStatus.Family] = []
    for cover in plan.covers {
      var parts: [NeighborhoodJoin.Part] = []
      for (number, block) in zip(cover.sections, cover.cover.blocks) {
        guard let lineage = lineage(ofSection: number, in: part, journal) else { return nil }
        parts.append(.init(lineage, members: plan.sections[number], own: block.own))
      }
      families += self.families(NeighborhoodJoin(parts))
    }
    // Narrower models are put to the others at the end.
    for number in part.sections.indices where plan.covers.own(number) == nil && !part.isOfWidths(number) {
      guard let lineage = lineage(ofSection: number, in: part, journal) else { return nil }
      families += self.families(lineage, plan.sections[number].map { plan.models[$0].id })
    }
    return .init(tensorsUsed: part.tensors.count, tensors: plan.tensors.count, families: families)
  }

  private func lineage(ofSection number: Int, in part: Plan, _ journal: Journal) -> Lineage? {
    var problem = LineageProblem(plan.section(number), options: options)
    if plan.covers.own(number) != nil { problem.findsAncestors = false }
    let solver = LineageSolver(problem)
    let statistics = TensorStatistics(part.section(number)) { id throws(Failure) in try journal.partial(of: id) }
    return try? solver.solve(statistics)
  }

  private func families(_ join: NeighborhoodJoin) -> [JobStatus.Family] {
    let trees = Dictionary(grouping: join.tops.keys) { join.tops[$0] ?? $0 }
    return trees.sorted { $0.key < $1.key }.map { root, members in
      let edges = members.sorted().compactMap { child in
        join.links[child].map {
          JobStatus.Edge(parent: plan.models[$0.parent].id, child: plan.models[child].id, support: $0.support)
        }
      }
      // How near the models are that were left out is known at the end.
      return family(edges, root: plan.models[root].id, models: members.count, isCertain: false)
    }
  }

  private func families(_ lineage: Lineage, _ ids: [String]) -> [JobStatus.Family] {
    let members = Dictionary(grouping: ids.indices) { lineage.families[$0] }
    return members.sorted { $0.key < $1.key }.map { _, members in
      let edges = members.compactMap { child in
        lineage.parents[child].map { parent in
          JobStatus.Edge(
            parent: ids[parent], child: ids[child],
            support: lineage.certainty(of: child))
        }
      }
      let root = members.first { lineage.parents[$0] == nil }
      return family(edges, root: root.map { ids[$0] } ?? "", models: members.count)
    }
  }

  private func family(
    _ edges: [JobStatus.Edge], root: String, models: Int, isCertain: Bool = true
  ) -> JobStatus.Family {
    JobStatus.Family(
      isCertain: isCertain && models > 1 && edges.allSatisfy { $0.support >= Grade.leastFirmSupport }, root: root,
      models: models,
      edges: edges)
  }
}
