/// How a program says what it does on its standard error.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For people.
  case text
  /// For collectors of logs: one JSON object a line.
  case json
}
