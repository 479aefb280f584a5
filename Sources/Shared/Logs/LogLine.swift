package import Foundation
package import Logging
internal import System

/// One log message as a line of JSON.
package struct LogLine {
  var level: Logger.Level
  var label: String
  var message: String
  var metadata: Logger.Metadata

  package init(level: Logger.Level, label: String, message: String, metadata: Logger.Metadata = [:]) {
    self.level = level
    self.label = label
    self.message = message
    self.metadata = metadata
  }

  private static let host = ProcessInfo.processInfo.hostName
  private static let process = ProcessInfo.processInfo.processIdentifier
  private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  /// The line. Its own keys come first, in the order in which people look for them, then metadata by name, with dots
  /// for nested ones. Metadata cannot override the line's own keys.
  package func json(at time: Date = Date()) -> String {
    var fields: [(name: String, value: String)] = [
      ("time", quoted(time.formatted(Self.timeStyle))), ("level", quoted(level.rawValue)),
      ("label", quoted(label)), ("message", quoted(message)), ("host", quoted(Self.host)),
      ("process", "\(Self.process)"),
    ]
    let own = Set(fields.map(\.name))
    var details: [String: String] = [:]
    for (key, value) in metadata { Self.flatten(key, value, into: &details) }
    fields += details.filter { !own.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, quoted($0.value)) }
    return "{" + fields.map { "\(quoted($0.name)):\($0.value)" }.joined(separator: ",") + "}"
  }

  private static func flatten(_ key: String, _ value: Logger.MetadataValue, into flat: inout [String: String]) {
    switch value {
    case .string(let text): flat[key] = text
    case .stringConvertible(let something): flat[key] = something.description
    case .dictionary(let parts): for (name, part) in parts { flatten("\(key).\(name)", part, into: &flat) }
    case .array(let parts):
      for (number, part) in parts.enumerated() { flatten("\(key).\(number)", part, into: &flat) }
    }
  }

  private func quoted(_ text: String) -> String { JSONText.of(text) }
}
