import Core
import Foundation
import Glibc
package import Logging
package import System

/// The folder that a batch's run directories lie in by default, with what concerns all of them.
package final class BatchDirectory {
  package let path: String
  private let lock: FolderLock

  package static let lockName = ".batch-lock"

  package var log: String { "\(path)/batch.log" }

  package init(path: String) throws(Failure) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(
        "cannot make the folder '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "name a folder that you may write to with --out")
    }
    lock = try FolderLock(Self.lockName, in: path, folder: "the folder", holder: "another batch")
    AtomicFile.removeLeftovers(in: path)
    do throws(RegularFile.Problem) {
      close(try RegularFile.open(log, for: .appending))
    } catch {
      throw .cannotWrite(
        "cannot write '\(log.printable)': \(error)",
        advice: error.advice(orElse: "name a folder that you may write to with --out"))
    }
  }

  package var logger: Logger {
    var logger = Logger(label: "modeltree") { [log] in FileLogHandler(label: $0, path: log) }
    logger[metadataKey: "process"] = "\(ProcessInfo.processInfo.processIdentifier)"
    return logger
  }
}
