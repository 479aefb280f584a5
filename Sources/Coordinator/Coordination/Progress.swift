internal import Core
internal import Foundation
internal import Glibc

/// How far a run is, on stderr: one line that is rewritten on a terminal, a line a minute elsewhere.
struct Progress {
  private let total: Int
  private let totalBytes: Int
  private let startedWith: Int
  private let started = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var nextUpdate: ContinuousClock.Instant
  private var shown = false

  /// - Parameters:
  ///   - done: shards that were finished before.
  ///   - totalBytes: weights that remain to be read.
  init(total: Int, done: Int, totalBytes: Int) {
    self.total = total
    self.totalBytes = totalBytes
    startedWith = done
    nextUpdate = started + (isTerminal ? .milliseconds(200) : .seconds(10))
  }

  mutating func update(done: Int, bytes: Int, workers: Int) {
    let now = ContinuousClock.now
    guard now >= nextUpdate else { return }
    nextUpdate = now + (isTerminal ? .milliseconds(200) : .seconds(60))
    let line = text(done: done, bytes: bytes, workers: workers, seconds: (now - started) / .seconds(1))
    write(isTerminal ? "\r\u{1b}[K\(line)" : "\(line)\n")
    shown = isTerminal
  }

  /// Leaves the terminal with an empty line for what comes next.
  mutating func clear() {
    if shown { write("\r\u{1b}[K") }
    shown = false
  }

  private func text(done: Int, bytes: Int, workers: Int, seconds: Double) -> String {
    let share = total == 0 ? 100 : 100 * done / total
    var parts = ["shards \(done)/\(total) (\(share) %)"]
    if seconds > 0, bytes > 0 {
      let rate = Double(bytes) / seconds
      parts.append("\(ByteCount(bytes: Int(rate)))/s")
      parts.append("ETA \(Self.duration(Double(max(0, totalBytes - bytes)) / rate))")
    }
    parts.append(workers == 1 ? "1 worker" : "\(workers) workers")
    if workers == 0 { parts.append("waiting for workers") }
    return parts.joined(separator: ", ")
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 100 { return "\(whole) s" }
    if whole < 6000 { return "\((whole + 30) / 60) min" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
