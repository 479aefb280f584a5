/// When to say that the coordinator is silent: after five seconds, then after growing pauses, so that a log tells what is
/// wrong and does not fill. A coordinator that is there sends a word every second.
package struct SilenceWarnings {
  private var next = Self.first
  private static let first = Duration.seconds(5)
  private static let longestPause = Duration.seconds(300)

  package init() {}

  /// - Parameter silence: since the coordinator was last heard, or since the start.
  /// - Returns: whether it is time for a warning; asked again and again.
  package mutating func isDue(after silence: Duration) -> Bool {
    guard silence >= Self.first else {
      next = Self.first
      return false
    }
    guard silence >= next else { return false }
    next = silence + min(silence, Self.longestPause)
    return true
  }
}
