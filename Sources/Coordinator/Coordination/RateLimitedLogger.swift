internal import Logging

/// Warnings about strangers, who could otherwise fill the disk with them: a few at once, then one
/// every ten seconds that says how many were left out.
struct RateLimitedLogger {
  private let logger: Logger
  private var left = Self.burst
  private var last = Duration.zero
  private var leftOut = 0

  private static let burst = 10.0
  private static let perSecond = 0.1

  init(_ logger: Logger) { self.logger = logger }

  mutating func warning(_ message: Logger.Message, _ metadata: Logger.Metadata, at now: Duration) {
    left = min(Self.burst, left + Self.perSecond * max(0, (now - last) / .seconds(1)))
    last = now
    guard left >= 1 else {
      leftOut += 1
      return
    }
    left -= 1
    var metadata = metadata
    if leftOut > 0 { metadata["messages.left_out"] = "\(leftOut)" }
    leftOut = 0
    logger.warning(message, metadata: metadata)
  }
}
