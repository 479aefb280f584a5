public import Core
public import Journal
public import Planning
internal import System

/// The shards of one run, to be computed by whoever is in the pool.
public struct ShardWork: Sendable {
  /// What people call the run.
  public var name: String
  /// The run directory.
  public var directory: String
  public var plan: Plan
  /// Fingerprint of the run.
  public var run: String
  public var journal: Journal
  /// Shards that the journal has already.
  public var done: Set<ShardID>

  public init(
    name: String, directory: String, plan: Plan, run: String, journal: Journal, done: Set<ShardID>
  ) {
    self.name = name
    self.directory = directory
    self.plan = plan
    self.run = run
    self.journal = journal
    self.done = done
  }

  /// What became of it.
  public struct Report: Sendable {
    public var outcome: Outcome
    /// Workers whose sums differ from what two others agree on, with the shard.
    public var disputes: [String]
    /// Processor time of the serving thread while the work was in its hands, that of other work included.
    public var servingSeconds: Double

    public init(outcome: Outcome, disputes: [String] = [], servingSeconds: Double = 0) {
      self.outcome = outcome
      self.disputes = disputes
      self.servingSeconds = servingSeconds
    }
  }

  public enum Outcome: Sendable, Equatable {
    case finished
    /// Stopped by SIGINT or SIGTERM; what was recorded stays.
    case stopped(signal: Int32)
    /// Some shards failed too often; the others are recorded.
    case incomplete(reasons: [String])
  }
}
