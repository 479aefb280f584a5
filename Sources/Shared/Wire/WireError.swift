/// A message or partial that does not decode. Never fatal: the sender is told or dropped.
package struct WireError: Error, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
