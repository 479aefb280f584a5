/// Keeps a rate: in no stretch of time t more than `perSecond` * t + `burst` is let through.
///
/// Pure: time is handed in, and the waiting is the caller's.
public struct TokenBucket: Sendable {
  private let perSecond: Double
  private let burst: Double
  /// What may be taken at once; below zero by what others wait for.
  private var level: Double
  private var last = Duration.zero

  /// - Parameter burst: what may be taken at once after a rest; at least the largest single take.
  public init(perSecond: Double, burst: Double) {
    self.perSecond = perSecond
    self.burst = burst
    level = burst
  }

  /// Reserves an amount; who comes later waits longer.
  ///
  /// - Returns: how long to wait before it may be used.
  public mutating func take(_ amount: Double, at now: Duration) -> Duration {
    if now > last {
      level = min(burst, level + (now - last) / .seconds(1) * perSecond)
      last = now
    }
    level -= amount
    return level >= 0 ? .zero : .seconds(-level / perSecond)
  }
}
