/// A message or partial that does not decode. Never fatal: the sender is told or dropped.
public struct WireError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
