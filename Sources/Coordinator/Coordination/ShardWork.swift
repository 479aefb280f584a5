package import Core
package import Journal
package import Planning
internal import System

/// The shards of one run, to be computed by whoever is in the pool.
package struct ShardWork: Sendable {
  /// What people call the run.
  package var name: String
  /// The run directory.
  package var directory: String
  package var plan: Plan
  /// Fingerprint of the run.
  package var run: String
  package var journal: Journal
  /// Shards that the journal has already.
  package var done: Set<ShardID>

  package init(
    name: String, directory: String, plan: Plan, run: String, journal: Journal, done: Set<ShardID>
  ) {
    self.name = name
    self.directory = directory
    self.plan = plan
    self.run = run
    self.journal = journal
    self.done = done
  }

  /// Of partials that wait to be made durable together; when there are more, they are recorded at once.
  package static let mostUnrecordedBytes = 16 << 20

  /// What became of it.
  package struct Report: Sendable {
    package var outcome: Outcome
    /// Workers whose sums differ from what two others agree on, with the shard.
    package var disputes: [String]
    /// Processor time of the serving thread while the work was in its hands, that of other work included.
    package var servingSeconds: Double

    package init(outcome: Outcome, disputes: [String] = [], servingSeconds: Double = 0) {
      self.outcome = outcome
      self.disputes = disputes
      self.servingSeconds = servingSeconds
    }
  }

  package enum Outcome: Sendable, Equatable {
    case finished
    /// Stopped by SIGINT or SIGTERM; what was recorded stays.
    case stopped(signal: Int32)
    /// Some shards failed too often; the others are recorded.
    case incomplete(reasons: [String])
  }
}
