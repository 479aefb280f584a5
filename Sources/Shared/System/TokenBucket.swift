/// Limits a rate: over any period t, at most `perSecond` * t + `burst` is let through.
///
/// Pure: the caller passes the time in and does the waiting.
public struct TokenBucket: Sendable {
  private let perSecond: Double
  private let burst: Double
  /// What may be taken at once; negative by the amount that others wait for.
  private var level: Double
  private var last = Duration.zero

  /// - Parameters:
  ///   - perSecond: the rate.
  ///   - burst: what may be taken at once after a pause; at least the largest single `take`.
  public init(perSecond: Double, burst: Double) {
    self.perSecond = perSecond
    self.burst = burst
    level = burst
  }

  /// Reserves an amount; later callers wait longer.
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
