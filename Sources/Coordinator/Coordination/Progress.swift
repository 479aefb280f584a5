internal import Core
internal import Logging
internal import Logs
internal import System

/// How far the pool is, on stderr: one line that is rewritten on a terminal, a line a minute elsewhere.
struct Progress {
  private let started = ContinuousClock.now
  private let isTerminal = StandardError.canRewrite
  private var totalBytes = 0
  private var nextUpdate: ContinuousClock.Instant
  private var nextComplaint = ContinuousClock.now

  init() {
    nextUpdate = started + (isTerminal ? .milliseconds(200) : .seconds(10))
  }

  /// Weights that remain to be read, more than before.
  mutating func add(bytes: Int) { totalBytes += bytes }

  /// - Parameter jobs: how many have ended, and how many there are; nil when there is one.
  mutating func update(done: Int, total: Int, bytes: Int, workers: Int, jobs: (ended: Int, all: Int)?) {
    let now = ContinuousClock.now
    guard now >= nextUpdate else { return }
    nextUpdate = now + (isTerminal ? .milliseconds(200) : .seconds(60))
    let seconds = (now - started) / .seconds(1)
    var parts = jobs.map { ["jobs \($0.ended)/\($0.all)"] } ?? []
    parts.append("shards \(done)/\(total) (\(total == 0 ? 100 : 100 * done / total) %)")
    if seconds > 0, bytes > 0 {
      let rate = Double(bytes) / seconds
      parts.append("\(ByteCount(bytes: Int(min(rate, 1e18))))/s")
      parts.append("ETA \(TimeText.duration(Double(max(0, totalBytes - bytes)) / rate))")
    }
    parts.append(workers == 1 ? "1 worker" : "\(workers) workers")
    if workers == 0 { parts.append("waiting for workers") }
    StandardError.show(parts.joined(separator: ", "))
  }

  /// Says, once a minute, why nothing goes on.
  mutating func wait(for reason: String, _ logger: Logger) {
    let now = ContinuousClock.now
    guard now >= nextComplaint else { return }
    nextComplaint = now + .seconds(60)
    logger.warning("waiting", metadata: ["reason": "\(reason)"])
    StandardError.say("waiting: \(reason); run.log and 'modeltree status' name hosts and files")
  }

  /// Leaves the terminal with an empty line for what comes next.
  func clear() { StandardError.clear() }
}
