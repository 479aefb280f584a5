/// How fast something grows: over the last half minute.
package struct RateMeter {
  private var points: [(time: Duration, total: Int)] = []

  /// No disk or network is so fast; so that a peer that lies shows no number that others cannot hold.
  private static let largest = 1e15
  private static let window = Duration.seconds(30)

  package init() {}

  /// - Parameters:
  ///   - total: what there is by now; smaller than before when it began anew.
  ///   - now: by the clock that `rate` is asked by.
  package mutating func add(_ total: Int, at now: Duration) {
    if let last = points.last, total < last.total { points = [] }
    points.append((now, total))
    // One point before the window stays, so that it is covered.
    while points.count > 2, now - points[1].time > Self.window { points.removeFirst() }
  }

  /// Per second; 0 when nothing grew, never more than `largest`.
  package func rate(at now: Duration) -> Double {
    guard let first = points.first, let last = points.last, now > first.time else { return 0 }
    return min((Double(last.total) - Double(first.total)) / ((now - first.time) / .seconds(1)), Self.largest)
  }
}

/// What this coordinator saw a worker read. A worker that outlived an earlier coordinator brings its count along, which
/// says nothing about the present rate.
package struct ObservedBytes {
  private var before: Int?
  private var now = 0

  package init() {}

  /// - Parameter total: as the worker counts, since it began.
  package mutating func add(_ total: Int) {
    if before.map({ total < $0 }) ?? true { before = total }
    now = total
  }

  package var value: Int { max(0, now - (before ?? 0)) }
}
