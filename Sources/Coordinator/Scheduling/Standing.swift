/// Who answers for a worker: the key that it came with, or its host where there are no keys.
package struct Party: Sendable, Hashable {
  package let name: String
  /// Is it on another host than the coordinator?
  package let isElsewhere: Bool

  package init(_ name: String, isElsewhere: Bool) {
    self.name = name
    self.isElsewhere = isElsewhere
  }
}

/// What a worker has shown that it computes, and what follows from it: how many shards it may hold, and how long it
/// waits after it has lost those that it held without progress.
struct Standing: Sendable, Equatable {
  /// Answers since it came or last lost its tasks.
  private(set) var answers = 0
  /// Times that it lost its tasks, less those that it has made up for.
  private(set) var strikes = 0
  /// It gets nothing before this moment.
  private(set) var barredUntil: Duration?
  /// Seconds from an assignment to the answer, for a piece: a moving average.
  private(set) var pace: Double?
  /// Seconds from an answer to the next while there was work, for a piece of a shard that is cut into several: a moving
  /// average; nil before such an answer.
  private(set) var secondsPerPiece: Double?
  /// Seconds between answers while there was work, for a piece: the longest of the last ones.
  private(set) var rhythm: Double?
  /// When it last answered, or came.
  private(set) var progressed: Duration

  /// Tasks that a worker may hold before its first answer.
  static let newcomer = 4
  private static let most = 1024
  private static let mostSlots = 64
  /// Answers that make up for a strike.
  private static let amends = 16
  private static let longestBar = 600.0

  init(at now: Duration) { progressed = now }

  /// One answer is enough: what it may hold grows with every further one.
  var isProven: Bool { answers > 0 }

  /// Tasks that it may hold at a time.
  ///
  /// - Parameter slots: tasks that it says it computes at the same time; believed after the first answer, within bounds.
  func allowance(slots: Int) -> Int {
    isProven ? min(Self.most, Self.newcomer + min(slots, Self.mostSlots) + 2 * answers) : min(slots, Self.newcomer)
  }

  /// - Parameters:
  ///   - age: of the lease that was answered.
  ///   - pieces: of its task.
  ///   - isLong: whether its shard is cut into several.
  mutating func answered(after age: Duration, pieces: Int = 1, isLong: Bool = false, at now: Duration) {
    answers = min(answers + 1, Self.most)
    if answers % Self.amends == 0 { strikes = max(0, strikes - 1) }
    pace = Self.average(pace, age / pieces)
    let time = min(age, now - progressed) / pieces
    if isLong { secondsPerPiece = Self.average(secondsPerPiece, time) }
    let gap = time / .seconds(1)
    rhythm = max(gap, 0.875 * (rhythm ?? 0))
    progressed = now
  }

  /// From when on a silence says that nothing is computed, whatever was computed before; nil when that is not known yet.
  ///
  /// - Parameter pieces: of the largest task that it holds.
  func stall(holdingSince oldest: Duration, pieces: Int) -> Duration? {
    guard answers > 1, let rhythm else { return nil }
    return max(progressed, oldest) + .seconds(4 * rhythm * Double(pieces))
  }

  /// It has lost what it held: it begins anew, and waits twice as long as the time before.
  mutating func strike(at now: Duration) {
    answers = 0
    strikes = min(strikes + 1, 30)
    barredUntil = now + .seconds(Self.bar(after: strikes, longest: Self.longestBar))
  }

  mutating func isFreed() { barredUntil = nil }

  /// 2, 4, 8, ... seconds.
  static func bar(after strikes: Int, longest: Double) -> Double {
    min(longest, Double(1 << min(strikes, 30)))
  }

  static func average(_ known: Double?, _ age: Duration) -> Double {
    let seconds = age / .seconds(1)
    return known.map { 0.875 * $0 + 0.125 * seconds } ?? seconds
  }
}

/// What is held against all workers of a party: newcomers of it wait, whatever they call themselves. Those that
/// compute are not touched.
struct Record: Sendable, Equatable {
  private(set) var strikes = 0
  private(set) var barredUntil = Duration.zero

  private static let longestBar = 60.0

  mutating func strike(at now: Duration) {
    strikes = min(strikes + 1, 30)
    barredUntil = now + .seconds(Standing.bar(after: strikes, longest: Self.longestBar))
  }

  mutating func answered() { strikes = max(0, strikes - 1) }
}
