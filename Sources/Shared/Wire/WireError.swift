/// A message or partial that does not decode. Never fatal: the sender is told or dropped.
package struct WireError: Error, Sendable, CustomStringConvertible {
  package let description: String
  /// The shard that the message hands out, when that much could be read: its sender waits for an answer.
  package let assignment: AssignmentID?

  package init(_ description: String, assignment: AssignmentID? = nil) {
    self.description = description
    self.assignment = assignment
  }
}
