internal import Scheduling
package import Transport

/// Where the coordinator's workers come from.
package enum Listening: Sendable {
  /// Own workers on this machine, nobody else.
  case local(LocalWorkers.Options)
  /// Workers from anywhere that can reach the endpoint; only those on the list when there are keys.
  case endpoint(String, keys: CoordinatorKeys?)
}

/// How careful the coordinator is.
package struct ServingOptions: Sendable {
  /// A worker that is silent for longer is given up.
  package var silence: Duration
  /// Share of the shards that two workers compute and must agree on, 0 to 1; nil where the operator has not said:
  /// then some shards of workers on other hosts are compared, see `verifiedElsewhere`.
  package var verified: Double?

  /// One shard in a hundred from another host is computed twice, as long as there is somebody to ask.
  static let verifiedElsewhere = 0.01

  var limits: Scheduler.Limits {
    .init(silence: silence, verifiedElsewhere: verified == nil ? Self.verifiedElsewhere : 0)
  }

  package init(silence: Duration = .seconds(10), verified: Double? = nil) {
    self.silence = silence
    self.verified = verified
  }
}
