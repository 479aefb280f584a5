internal import Core
internal import Synchronization
internal import System
package import Wire

/// How fast each file could be read since the start: which disk, share or server is the slow one.
package final class FileThroughput: Sendable {
  /// The reads of one file.
  package final class Entry: Sendable {
    fileprivate struct State {
      var bytes = 0
      var spent = Duration.zero
      /// Since when reads are under way.
      var begun: [Duration] = []
    }

    fileprivate let state = Mutex(State())
    private let now: @Sendable () -> Duration

    fileprivate init(now: @escaping @Sendable () -> Duration) { self.now = now }

    /// To be called before a read; its answer goes to `end`.
    package func begin() -> Duration {
      let start = now()
      state.withLock { $0.begun.append(start) }
      return start
    }

    /// - Parameters:
    ///   - start: what `begin` answered.
    ///   - bytes: what was read; nil: it was no read, and counts only while it lasts.
    package func end(_ start: Duration, bytes: Int?) {
      let end = now()
      state.withLock {
        if let place = $0.begun.firstIndex(of: start) { $0.begun.remove(at: place) }
        guard let bytes else { return }
        $0.bytes += bytes
        $0.spent += end - start
      }
    }
  }

  /// Files that are remembered at most.
  package static let limit = 4096

  /// Below that the first look at a file counts more than its pace.
  private static let leastBytes = 4_000_000

  /// A read that takes longer is told before it ends.
  private static let patience = Duration.seconds(5)

  /// What the names of one report may take, so that it fits a message however they are escaped.
  private static let nameBytes = 8192

  private let entries = Mutex<[ByteString: (file: String, entry: Entry)]>([:])
  private let now: @Sendable () -> Duration

  package convenience init() {
    let origin = ContinuousClock.now
    self.init { ContinuousClock.now - origin }
  }

  /// - Parameter now: a clock; for tests another than the real one.
  package init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// Files that are remembered.
  package var count: Int { entries.withLock { $0.count } }

  /// - Parameter file: under the name that the coordinator gave it.
  package func entry(for file: String) -> Entry {
    entries.withLock { entries in
      let key = ByteString(file)
      if let known = entries[key] { return known.entry }
      if entries.count >= Self.limit { forgetTheFaster(&entries) }
      let new = Entry(now: now)
      entries[key] = (file, new)
      return new
    }
  }

  /// Something other than a read that may hang, such as opening the file.
  func watching<T>(_ file: String, _ body: () throws(Failure) -> T) throws(Failure) -> T {
    let entry = entry(for: file)
    let start = entry.begin()
    defer { entry.end(start, bytes: nil) }
    return try body()
  }

  /// The files with the lowest rates, slowest first.
  package func slowest(_ count: Int = 8) -> [WorkerMessage.Heartbeat.Pace] {
    let present = now()
    let all = entries.withLock { Array($0.values) }
    let paces = all.compactMap { Self.pace($0.file, $0.entry, at: present) }
    var room = Self.nameBytes
    var slowest: [WorkerMessage.Heartbeat.Pace] = []
    for (pace, _) in paces.sorted(by: { ($0.rate, $0.pace.file) < ($1.rate, $1.pace.file) }) {
      room -= pace.file.utf8.count
      guard slowest.count < count, room >= 0 else { break }
      slowest.append(pace)
    }
    return slowest
  }

  private static func pace(_ file: String, _ entry: Entry, at now: Duration)
    -> (pace: WorkerMessage.Heartbeat.Pace, rate: Double)?
  {
    let state = entry.state.withLock { $0 }
    let stuck = state.begun.map { now - $0 }.filter { $0 > patience }
    guard !stuck.isEmpty || state.bytes >= leastBytes else { return nil }
    let seconds = stuck.reduce(state.spent, +) / .seconds(1)
    return (
      .init(file: file, bytes: state.bytes, seconds: seconds),
      seconds > 0 ? Double(state.bytes) / seconds : .infinity
    )
  }

  /// Makes room: of the files that nobody reads at the moment, the faster half goes.
  private func forgetTheFaster(_ entries: inout [ByteString: (file: String, entry: Entry)]) {
    let idle = entries.compactMap { key, value -> (key: ByteString, rate: Double)? in
      let state = value.entry.state.withLock { $0 }
      guard state.begun.isEmpty else { return nil }
      guard state.bytes >= Self.leastBytes, state.spent > .zero else { return (key, .infinity) }
      return (key, Double(state.bytes) / (state.spent / .seconds(1)))
    }
    for (key, _) in idle.sorted(by: { $0.rate > $1.rate }).prefix(max(1, idle.count / 2)) {
      entries[key] = nil
    }
  }
}
