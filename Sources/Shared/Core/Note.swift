/// Something a person should know about the input: what was skipped, and why.
package struct Note: Sendable, Hashable, Codable {
  /// The model, file or kind that it is about.
  package var subject: String
  package var text: String

  package init(subject: String, text: String) {
    self.subject = subject
    self.text = text
  }
}
