/// Measures only time during which this program was running.
///
/// A program that was stopped (SIGSTOP, a suspended laptop or Slurm job) must not hold the hours it missed against its
/// peers. A pause between two calls of `advance` counts as one step at most.
package struct RunningClock: Sendable {
  private var last = ContinuousClock.now
  /// Time counted since the clock was created.
  package private(set) var now = Duration.zero
  /// The longest pause that counts in full.
  private let longestStep: Duration

  package init(longestStep: Duration = .seconds(1)) { self.longestStep = longestStep }

  /// Counts the time since the last call. Call it several times a second.
  @discardableResult
  package mutating func advance() -> Duration {
    let present = ContinuousClock.now
    defer { last = present }
    return advance(by: present - last)
  }

  /// Counts a pause of this length.
  @discardableResult
  package mutating func advance(by pause: Duration) -> Duration {
    now += min(max(pause, .zero), longestStep)
    return now
  }
}
