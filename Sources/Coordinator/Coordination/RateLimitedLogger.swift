package import Logging
internal import System

/// Warnings about strangers, who could otherwise fill the disk with them: a few at once, then one
/// every ten seconds that says how many were left out.
package struct RateLimitedLogger {
  private let logger: Logger
  private var allowed = TokenBucket(perSecond: 0.1, burst: 10)
  private var leftOut = 0

  package init(_ logger: Logger) { self.logger = logger }

  package mutating func warning(_ message: Logger.Message, _ metadata: Logger.Metadata, at now: Duration) {
    guard allowed.takes(1, at: now) else {
      leftOut += 1
      return
    }
    var metadata = metadata
    if leftOut > 0 { metadata["messages.left_out"] = "\(leftOut)" }
    leftOut = 0
    logger.warning(message, metadata: metadata)
  }
}
