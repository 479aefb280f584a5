internal import Foundation
package import Logging

/// Logs to standard error, one JSON object per line.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level = .info
  private let label: String

  package init(label: String) { self.label = label }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let line = LogLine(
      level: event.level, label: label, message: "\(event.message)",
      metadata: metadata.merging(event.metadata ?? [:]) { $1 })
    // In one write, so that lines of different threads do not mix.
    FileHandle.standardError.write(Data((line.json() + "\n").utf8))
  }

  /// The handler for a format, for `LoggingSystem.bootstrap`.
  ///
  /// - Parameter level: of the least message that is written.
  package static func standardError(
    _ label: String, in format: LogFormat, from level: Logger.Level = .info
  ) -> any LogHandler {
    var handler: any LogHandler =
      switch format {
      case .text: StreamLogHandler.standardError(label: label)
      case .json: JSONLogHandler(label: label)
      }
    handler.logLevel = level
    return handler
  }
}
