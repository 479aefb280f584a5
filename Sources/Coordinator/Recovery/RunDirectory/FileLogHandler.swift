import Core
import Foundation
import Logging
import System

/// Appends one line per message to a run's log.
struct FileLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info
  private let file: FileHandle?
  private let label: String

  init(label: String, path: String) {
    self.label = label
    file = (try? RegularFile.open(path, for: .appending)).map { FileHandle(fileDescriptor: $0, closeOnDealloc: true) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\("\($0.value)".printable)" }.joined()
    let time = Date().formatted(.iso8601)
    let line = "\(time) \(event.level) \(label): \("\(event.message)".printable)\(details)\n"
    // The log is a help, not a result: a full disk shows where results are written.
    try? file?.write(contentsOf: Data(line.utf8))
  }
}
