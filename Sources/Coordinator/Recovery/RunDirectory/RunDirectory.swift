import Core
import Foundation
import Glibc
package import Logging
package import System

/// The folder of one run. Held by a lock for as long as this object lives.
package final class RunDirectory {
  package let path: String
  private let lock: FolderLock
  /// Was nothing there before?
  private let isNew: Bool

  package var journal: String { "\(path)/\(Self.journalName)" }
  package var log: String { "\(path)/run.log" }
  package var results: String { "\(path)/results.h5" }
  package var record: String { "\(path)/run.json" }
  package var tree: String { "\(path)/tree.json" }
  package var stores: String { "\(path)/store" }
  /// Models that were brought into the coordinates of others.
  package var aligned: String { "\(path)/aligned" }
  /// Fingerprints of a collection that is too large to compare all pairs.
  package var registry: String { "\(path)/\(Self.registryName)" }
  /// Stores that are being made; they replace `stores` once the run is known to be the same.
  package var newStores: String { "\(path)/.store-new" }

  /// Writes to the run's log.
  package var logger: Logger {
    var logger = Logger(label: "modeltree") { [log] in FileLogHandler(label: $0, path: log) }
    logger[metadataKey: "process"] = "\(ProcessInfo.processInfo.processIdentifier)"
    return logger
  }

  package static let lockName = ".lock"
  package static let registryName = "registry"
  /// What makes a folder a run directory.
  package static let journalName = "journal.sqlite"

  /// Everything that a run writes, for starting over.
  private static let contents: [String] = [
    "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite-journal", "run.log", "run.json",
    "results.h5",
    "tree.json", "tree.nwk", "tree.dot", "tree.graphml", "tree.mmd", "tree.html", "edges.csv",
    "hints.csv", "status.json", "store", ".store-new", "aligned",
    registryName,
  ]

  /// Opens or makes the folder and takes its lock.
  ///
  /// - Parameters:
  ///   - path: of the folder.
  ///   - redo: remove what an earlier run left.
  /// - Throws: `Failure`: cannot write, another coordinator holds the folder, or it is not a run's.
  package init(path: String, redo: Bool) throws(Failure) {
    self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    isNew = !FileManager.default.fileExists(atPath: self.path)
    do {
      try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(
        "cannot make the run directory '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "name a folder that you may write to")
    }
    let known = (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
    let foreign = known.filter { !Self.contents.contains($0) && $0 != Self.lockName }
    if !known.contains(Self.journalName), let first = foreign.sorted().first {
      throw .cannotWrite(
        "'\(path.printable)' is not empty and not a run directory (it holds '\(first.printable)')",
        advice: "name a new or an empty folder with --out")
    }
    lock = try FolderLock(Self.lockName, in: self.path, folder: "the run directory", holder: "another coordinator")
    if redo {
      for name in Self.contents { try? FileManager.default.removeItem(atPath: "\(self.path)/\(name)") }
    }
    // What a coordinator that was killed had begun to write. Nobody else writes here: the lock is held.
    AtomicFile.removeLeftovers(in: self.path)
    try? FileManager.default.removeItem(atPath: newStores)
    try refuseLinks()
    try touchLog()
  }

  /// A first command that failed before it had a plan leaves no folder that looks like a run.
  deinit {
    guard isNew, !FileManager.default.fileExists(atPath: journal) else { return }
    for name in [newStores, log, "\(path)/\(Self.lockName)"] { try? FileManager.default.removeItem(atPath: name) }
    // Only if nothing else is in it.
    rmdir(path)
  }

  private func touchLog() throws(Failure) {
    do throws(RegularFile.Problem) {
      close(try RegularFile.open(log, for: .appending))
    } catch {
      throw .cannotWrite(
        "cannot write '\(log.printable)': \(error)", advice: error.advice(orElse: "name a folder that you may write to")
      )
    }
  }

  /// Links to folders would have stores and fingerprints written elsewhere.
  private func refuseLinks() throws(Failure) {
    for folder in [aligned, registry] where FileStatus.isLink(folder) {
      throw .cannotWrite(
        "'\(folder.printable)' is a link, expected a folder: a run writes only into its own directory",
        advice: "put the folder itself there, or move the link away")
    }
  }
}
