/// How fast something grows: over the last half minute.
struct RateMeter {
  private var points: [(time: Duration, total: Int)] = []

  private static let window = Duration.seconds(30)

  /// - Parameter total: what there is by now; smaller than before when it began anew.
  mutating func add(_ total: Int, at now: Duration) {
    if let last = points.last, total < last.total { points = [] }
    points.append((now, total))
    // One point before the window stays, so that it is covered.
    while points.count > 2, now - points[1].time > Self.window { points.removeFirst() }
  }

  /// Per second; 0 when nothing grew.
  func rate(at now: Duration) -> Double {
    guard let first = points.first, let last = points.last, now > first.time else { return 0 }
    return Double(last.total - first.total) / ((now - first.time) / .seconds(1))
  }
}
