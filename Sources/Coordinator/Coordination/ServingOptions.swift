public import Transport

/// Where the coordinator's workers come from.
public enum Listening: Sendable {
  /// Own workers on this machine, nobody else.
  case local(LocalWorkers.Options)
  /// Workers from anywhere that can reach the endpoint; only those on the list when there are keys.
  case endpoint(String, keys: CoordinatorKeys?)
}

/// How careful the coordinator is.
public struct ServingOptions: Sendable {
  /// A worker that is silent for longer is given up.
  public var silence: Duration
  /// Share of the shards that two workers compute and must agree on, 0 to 1.
  public var verified: Double

  public init(silence: Duration = .seconds(10), verified: Double = 0) {
    self.silence = silence
    self.verified = verified
  }
}
