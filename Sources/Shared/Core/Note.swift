/// Something a person should know about the input: what was skipped, and why.
public struct Note: Sendable, Hashable, Codable {
  /// The model, file or kind that it is about.
  public var subject: String
  public var text: String

  public init(subject: String, text: String) {
    self.subject = subject
    self.text = text
  }
}
