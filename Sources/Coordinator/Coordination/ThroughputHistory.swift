package import Monitoring

/// Throughput since the start in a few hundred points: when there are too many, two become one.
package struct ThroughputHistory {
  package private(set) var points: [PoolStatus.Throughput] = []
  private var interval = Duration.seconds(1)
  private var start = Duration.zero
  private var bytes = 0

  private static let most = 400

  package init() {}

  package mutating func add(bytes total: Int, workers: Int, at now: Duration) {
    guard now - start >= interval else { return }
    let seconds = (now - start) / .seconds(1)
    points.append(
      .init(
        seconds: now / .seconds(1), bytesPerSecond: max(0, Double(total) - Double(bytes)) / seconds, workers: workers))
    start = now
    bytes = total
    guard points.count > Self.most else { return }
    interval *= 2
    points = stride(from: 0, to: points.count - 1, by: 2).map { index in
      let (a, b) = (points[index], points[index + 1])
      return .init(
        seconds: b.seconds, bytesPerSecond: (a.bytesPerSecond + b.bytesPerSecond) / 2,
        workers: max(a.workers, b.workers))
    }
  }
}
