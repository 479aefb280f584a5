import Core
import Foundation
import Glibc
import Journal
import Monitoring
package import System
internal import Transport

/// Where a status comes from.
package enum StatusSource {
  /// A run directory, or a batch's.
  case folder(String)
  case coordinator(StatusClient)

  package init(_ text: String, key: String?, insecure: Bool) throws(Failure) {
    guard !text.hasPrefix("http://"), !text.hasPrefix("https://") else {
      throw .usage(
        "'\(text.printable)' is the page of a run, for a browser",
        advice: "name the run directory, or the coordinator's endpoint as tcp://HOST:5555")
    }
    guard text.hasPrefix("tcp://") || text.hasPrefix("ipc://") else {
      guard key == nil, !insecure else {
        throw .usage(
          "--key and --insecure belong to an endpoint, and '\(text.printable)' is a folder",
          advice: "leave them out, or name the coordinator's endpoint as tcp://HOST:5555")
      }
      self = .folder(text)
      return
    }
    try Endpoint.check(text, side: .worker, hasKeys: key != nil, insecure: insecure)
    self = .coordinator(
      try StatusClient(text, keys: try key.map { path throws(Failure) in try WorkerKeys(path: path) }))
  }

  package func look() throws(Failure) -> StatusReport {
    switch self {
    case .folder(let path): try Self.read(path)
    case .coordinator(let client): StatusReport(try client.ask())
    }
  }

  private static func read(_ path: String) throws(Failure) -> StatusReport {
    let pool = try words(of: path)
    guard let pool else {
      guard FileManager.default.fileExists(atPath: "\(path)/journal.sqlite") else {
        throw .badInput(
          "'\(path.printable)' is not a run directory (it has neither status.json nor journal.sqlite)",
          advice: "name the folder that was given with --out, or a coordinator's endpoint as tcp://HOST:5555")
      }
      return try journalReport(path)
    }
    var report = StatusReport(pool)
    // Elsewhere, locks may not be seen, and a journal at work cannot be read over the network.
    guard pool.host == ProcessInfo.processInfo.hostName else {
      report.noteSilence(at: Date())
      return report
    }
    if FileManager.default.fileExists(atPath: "\(path)/journal.sqlite"), let known = try? journalReport(path) {
      report.trust(known)
      if known.state == .finished { report.end(as: .finished) }
    }
    if !isAtWork(path, pool) {
      report.end(as: report.state == .finished ? .finished : .stopped)
    } else if report.state == .running {
      report.noteSilence(at: Date())
    }
    return report
  }

  /// Far more than the status of the largest pool.
  private static let mostBytes = 64 << 20

  /// What the coordinator wrote down; nil when it wrote nothing.
  private static func words(of path: String) throws(Failure) -> PoolStatus? {
    let file = "\(path)/\(PoolStatus.fileName)"
    let data: Data
    do {
      data = try BoundedFile.read(file, limit: mostBytes)
    } catch {
      guard error != .missing else { return nil }
      throw .badInput(
        "cannot read '\(file.printable)': \(error)", advice: "remove it; the journal says how far the run is")
    }
    return try StatusJSON.decode(data, from: file)
  }

  /// On this host: is the lock held, or where there is none, does the process live?
  private static func isAtWork(_ path: String, _ pool: PoolStatus) -> Bool {
    for lock in [RunDirectory.lockName, BatchDirectory.lockName]
    where FileManager.default.fileExists(atPath: "\(path)/\(lock)") {
      return FolderLock.isHeld(lock, in: path)
    }
    guard let process = Int32(exactly: pool.process), process > 0 else { return false }
    return kill(process, 0) == 0 || errno == EPERM
  }

  private static func journalReport(_ path: String) throws(Failure) -> StatusReport {
    let journal = try Journal(reading: "\(path)/journal.sqlite")
    let totals = try journal.totals()
    let shards = try journal.setting("shards").flatMap { Int($0) } ?? 0
    let isFinished = FileManager.default.fileExists(atPath: "\(path)/run.json") && totals.shards == shards
    return StatusReport(
      state: FolderLock.isHeld(RunDirectory.lockName, in: path) ? .running : isFinished ? .finished : .stopped,
      shards: shards, shardsDone: totals.shards, bytesRead: totals.bytesRead, workerSeconds: totals.seconds)
  }
}
