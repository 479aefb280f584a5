import Checkpoints
import Core
import Foundation
import Gathering
import Journal
import Lineage
import Monitoring
import Planning
import Synchronization
import System

/// Solves, while shards are still computed, what the finished tensors say so far: for onlookers. On a
/// thread of its own that rests twenty times as long as it works.
final class InterimTreeSolver: Sendable {
  private let plan: Plan
  private let journal: String
  private let options: LineageOptions
  private let show: @Sendable (JobStatus.PartialTree) -> Void
  private let stopping = DispatchSemaphore(value: 0)

  /// From here on an edge's direction is as good as settled.
  private static let certain = 0.95
  private static let shortestRest = 3.0
  private static let restPerWork = 20.0

  /// - Parameters:
  ///   - journal: path of the run's journal, which the serving thread writes.
  ///   - show: told every new tree, on the thread.
  init(
    _ plan: Plan, journal: String, options: LineageOptions,
    show: @escaping @Sendable (JobStatus.PartialTree) -> Void
  ) {
    self.plan = plan
    self.journal = journal
    var options = options
    options.replicates = min(options.replicates, 50)
    self.options = options
    self.show = show
    let thread = Thread { [self] in
      var known = 0
      var rest = Self.shortestRest
      while stopping.wait(timeout: .now() + rest) == .timedOut {
        let started = ContinuousClock.now
        if let tree = tree(moreThan: known) {
          known = tree.tensorsUsed
          show(tree)
        }
        rest = max(Self.shortestRest, Self.restPerWork * ((ContinuousClock.now - started) / .seconds(1)))
      }
    }
    thread.name = "growing tree"
    thread.stackSize = 64 << 20
    thread.qualityOfService = .background
    thread.start()
  }

  func stop() { stopping.signal() }

  /// The forest of the tensors that are finished; nil when there are too few, or hardly more than
  /// before, or they say nothing yet.
  private func tree(moreThan known: Int) -> JobStatus.PartialTree? {
    // A connection of its own: readers of the journal do not hold up who writes it.
    guard let journal = try? Journal(reading: journal), let done = try? journal.finishedShards() else { return nil }
    let part = plan.finished(done)
    guard part.tensors.count > known + known / 10, part.tensors.count < plan.tensors.count else { return nil }
    let solver = LineageSolver(LineageProblem(plan, options: options))
    let lineage = try? solver.solve(Gatherer(part) { id throws(Failure) in try journal.partial(of: id) })
    return lineage.map { partialTree($0, tensors: part.tensors.count) }
  }

  private func partialTree(_ lineage: Lineage, tensors: Int) -> JobStatus.PartialTree {
    let ids = plan.models.map(\.id)
    let members = Dictionary(grouping: ids.indices) { lineage.families[$0] }
    let families = members.sorted { $0.key < $1.key }.map { _, members in
      let edges = members.compactMap { child in
        lineage.parents[child].map { parent in
          JobStatus.Edge(
            parent: ids[parent], child: ids[child],
            support: min(lineage.support[child], lineage.directionSupport[child]))
        }
      }
      let root = members.first { lineage.parents[$0] == nil }
      return JobStatus.Family(
        isCertain: members.count > 1 && edges.allSatisfy { $0.support >= Self.certain },
        root: root.map { ids[$0] } ?? "", models: members.count, edges: edges)
    }
    return .init(tensorsUsed: tensors, tensors: plan.tensors.count, families: families)
  }
}
