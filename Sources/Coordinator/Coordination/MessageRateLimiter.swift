/// How much a peer may say: messages that it may still send, growing with time and with every answer
/// that was of use.
///
/// An honest worker says two things per shard and one a second, and never comes near the limit.
struct MessageRateLimiter: Sendable {
  static let most = 1000.0
  static let perSecond = 100.0

  private var left = Self.most
  private var last: Duration

  init(at now: Duration) { last = now }

  /// Takes one message off.
  ///
  /// - Returns: false when there is nothing left: a flood.
  mutating func spend(at now: Duration) -> Bool {
    left = min(Self.most, left + Self.perSecond * max(0, (now - last) / .seconds(1)))
    last = now
    guard left >= 1 else { return false }
    left -= 1
    return true
  }

  mutating func earn(_ messages: Double) { left = min(Self.most, left + messages) }
}
