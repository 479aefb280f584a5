package import Core
package import Gathering
package import Journal
package import Planning
internal import System

/// The third stage of a recovery: a plan that belongs to a run directory, and the journal that holds the sums of its
/// finished shards.
package struct Comparison: Sendable {
  /// The models' stores lie in the run directory.
  package let plan: Plan
  package let identity: RunIdentity
  package let journal: Journal
  /// Shards that were finished before this session.
  package let resumed: Set<ShardID>

  package var isFinished: Bool { resumed.count == plan.shards.count }

  /// The fourth stage: the sums, tensor by tensor, once all shards are finished.
  package var statistics: TensorStatistics { statistics(of: plan) }

  /// - Parameter part: of the plan.
  package func statistics(of part: Plan) -> TensorStatistics {
    TensorStatistics(part) { [journal] id throws(Failure) in try journal.partial(of: id) }
  }
}
