import Core
import Foundation
import Glibc
import Logging

/// The folder that a batch's run directories lie in by default, with what concerns all of them.
final class BatchDirectory {
  let path: String
  private let lock: Int32

  static let lockName = ".batch-lock"

  var log: String { "\(path)/batch.log" }

  init(path: String) throws(Failure) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(
        "cannot make the folder '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "name a folder that you may write to with --out")
    }
    lock = open("\(path)/\(Self.lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard lock >= 0 else {
      throw .cannotWrite(
        "cannot write to '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "name a folder that you may write to with --out")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw .cannotWrite(
        "another batch is at work on '\(path.printable)'",
        advice: "wait for it ('modeltree status' shows how far it is), or stop it first")
    }
    guard FileManager.default.fileExists(atPath: log) || FileManager.default.createFile(atPath: log, contents: nil)
    else {
      throw .cannotWrite("cannot write '\(log.printable)'", advice: "name a folder that you may write to with --out")
    }
  }

  deinit { if lock >= 0 { close(lock) } }

  var logger: Logger {
    var logger = Logger(label: "modeltree") { [log] in FileLogHandler(label: $0, path: log) }
    logger[metadataKey: "process"] = "\(ProcessInfo.processInfo.processIdentifier)"
    return logger
  }
}
