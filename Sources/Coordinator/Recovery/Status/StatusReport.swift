import Core
package import Foundation
package import Monitoring
import System

/// What `modeltree status` found out.
package struct StatusReport: Encodable {
  package enum State: String, Encodable { case running, finished, stopped }

  package var state: State
  package var shards: Int
  package var shardsDone: Int
  package var bytesRead: Int
  /// nil where only the coordinator's own words are known.
  package var workerSeconds: Double?
  /// Time since the coordinator last wrote down how far it is, where it should have done so since.
  package var secondsSilent: Double?
  /// What the coordinator says; nil from a run that never said anything.
  package var pool: PoolStatus?

  private static let patience = 10.0

  package init(state: State, shards: Int, shardsDone: Int, bytesRead: Int, workerSeconds: Double?) {
    self.state = state
    self.shards = shards
    self.shardsDone = shardsDone
    self.bytesRead = bytesRead
    self.workerSeconds = workerSeconds
  }

  /// What a coordinator says of itself.
  package init(_ pool: PoolStatus) {
    self.init(
      state: pool.state == .finished ? .finished : pool.state == .stopped ? .stopped : .running,
      shards: pool.jobs.map(\.shards).clampedSum(), shardsDone: pool.jobs.map(\.shardsDone).clampedSum(),
      bytesRead: pool.jobs.map(\.bytesDone).clampedSum(), workerSeconds: nil)
    self.pool = pool
  }

  /// What the journal says is newer than the coordinator's words, and holds when it was killed.
  package mutating func trust(_ journal: StatusReport) {
    shards = max(shards, journal.shards)
    shardsDone = journal.shardsDone
    bytesRead = journal.bytesRead
    workerSeconds = journal.workerSeconds
    guard pool?.jobs.count == 1 else { return }
    pool?.jobs[0].shardsDone = journal.shardsDone
    pool?.jobs[0].bytesDone = journal.bytesRead
  }

  /// The coordinator is not at work any more, whatever its last words were.
  package mutating func end(as state: State) {
    self.state = state
    guard pool?.state != .finished, pool?.state != .stopped else { return }
    pool?.state = state == .finished ? .finished : .stopped
    pool?.workers = []
    for index in pool?.jobs.indices ?? 0..<0 { pool?.jobs[index].shardsLeased = 0 }
    pool?.bytesPerSecond = 0
    pool?.secondsLeft = nil
  }

  package mutating func noteSilence(at now: Date) {
    guard state == .running, let pool else { return }
    let age = now.timeIntervalSince(pool.updated)
    if age > Self.patience { secondsSilent = age }
  }

  package var json: String { StatusJSON.text(of: self, style: .pretty) + "\n" }

  package var line: String {
    let time = Date().formatted(.iso8601)
    let silence = secondsSilent.map { ", \(Self.silence($0))" } ?? ""
    return "\(time) \(pool.map(StatusText.line) ?? "\(state.rawValue), shards \(shardsDone)/\(shards)")\(silence)\n"
  }

  package func text(_ form: StatusText) -> String {
    var text = ""
    if let secondsSilent, let pool {
      text += """
        \(Self.silence(secondsSilent)) on \(pool.host.printable), process \(pool.process): what follows is as old
          -> see whether it still runs there, and whether both hosts' clocks agree


        """
    }
    guard let pool else {
      return text + """
        state    \(state.rawValue)
        shards   \(shardsDone) of \(shards)
        read     \(ByteCount(bytes: bytesRead))
        work     \(fixed(workerSeconds ?? 0, 1)) s of workers' time

        """
    }
    text += form.render(pool)
    if let workerSeconds { text += "\nwork  \(fixed(workerSeconds, 1)) s of workers' time\n" }
    return text
  }

  private static func silence(_ seconds: Double) -> String {
    "no sign of life for \(TimeText.duration(seconds))"
  }
}
