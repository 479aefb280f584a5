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
    // Narrower models are put to the others at the end.
    for number in part.sections.indices where !part.isOfWidths(number) {
      let section = plan.section(number)
      let solver = LineageSolver(LineageProblem(section, options: options))
      let statistics = TensorStatistics(part.section(number)) { id throws(Failure) in try journal.partial(of: id) }
      guard let lineage = try? solver.solve(statistics) else { return nil }
      families += self.families(lineage, section.models.map(\.id))
    }
    return .init(tensorsUsed: part.tensors.count, tensors: plan.tensors.count, families: families)
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
      return JobStatus.Family(
        isCertain: members.count > 1 && edges.allSatisfy { $0.support >= Grade.leastFirmSupport },
        root: root.map { ids[$0] } ?? "", models: members.count, edges: edges)
    }
  }
}
