/// Time that passes while this program runs.
///
/// A program that was stopped (SIGSTOP, a suspended laptop or Slurm job) finds hours gone that say
/// nothing about its peers' silence; a pause between two looks counts as one second at most.
public struct RunningClock: Sendable {
  private var last = ContinuousClock.now
  /// Time that counted, since the clock was made.
  public private(set) var now = Duration.zero

  /// The longest pause that counts in full.
  public static let longestStep = Duration.seconds(1)

  public init() {}

  /// Takes in the time since the last call. To be called several times a second.
  @discardableResult
  public mutating func advance() -> Duration {
    let present = ContinuousClock.now
    defer { last = present }
    return advance(by: present - last)
  }

  mutating func advance(by step: Duration) -> Duration {
    now += min(max(step, .zero), Self.longestStep)
    return now
  }
}
