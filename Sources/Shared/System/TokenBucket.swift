/// Limits a rate: over any period t, at most `perSecond` * t + `burst` is let through.
///
/// Pure: the caller passes the time in and does the waiting.
package struct TokenBucket: Sendable {
  private let perSecond: Double
  private let burst: Double
  /// What may be taken at once; negative by the amount that others wait for.
  private var level: Double
  private var last: Duration

  /// - Parameters:
  ///   - perSecond: what flows in.
  ///   - burst: what may be taken at once after a rest; at least the largest single take.
  ///   - start: the moment from which on the bucket is full.
  package init(perSecond: Double, burst: Double, at start: Duration = .zero) {
    self.perSecond = perSecond
    self.burst = burst
    level = burst
    last = start
  }

  /// Reserves an amount; later callers wait longer.
  ///
  /// - Returns: how long to wait before it may be used.
  package mutating func take(_ amount: Double, at now: Duration) -> Duration {
    refill(at: now)
    level -= amount
    return level >= 0 ? .zero : .seconds(-level / perSecond)
  }

  /// Takes an amount if it is there; otherwise takes nothing.
  ///
  /// - Returns: whether it was there.
  package mutating func takes(_ amount: Double, at now: Duration) -> Bool {
    refill(at: now)
    guard level >= amount else { return false }
    level -= amount
    return true
  }

  /// Adds an amount beyond what time brings; never above `burst`.
  package mutating func add(_ amount: Double) { level = min(burst, level + amount) }

  private mutating func refill(at now: Duration) {
    guard now > last else { return }
    level = min(burst, level + (now - last) / .seconds(1) * perSecond)
    last = now
  }
}
