/// Time that passes while this program runs.
///
/// After a program was stopped (SIGSTOP, a suspended laptop or Slurm job), the hours that have passed say
/// nothing about its peers' silence; a pause between two calls counts as one step at most.
public struct RunningClock: Sendable {
  private var last = ContinuousClock.now
  /// Time that counted, since the clock was made.
  public private(set) var now = Duration.zero
  /// The longest pause that counts in full.
  private let longestStep: Duration

  public init(longestStep: Duration = .seconds(1)) { self.longestStep = longestStep }

  /// Counts the time since the last call. To be called more often than the longest step.
  @discardableResult
  public mutating func advance() -> Duration {
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
