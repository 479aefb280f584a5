/// The form of messages on standard error.
package enum LogFormat: String, Sendable, CaseIterable {
  /// For people.
  case text
  /// For log collectors: one JSON object per line.
  case json
}
