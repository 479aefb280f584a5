/// An error for people: what happened, to which file or option, and what to do next.
///
/// The kind determines the exit code. The message is complete without the advice.
package struct Failure: Error, Sendable, CustomStringConvertible {
  package enum Kind: Int32, Sendable {
    /// A cause that is none of the others.
    case unclassified = 1
    /// Options that are wrong or contradict each other.
    case usage = 64
    /// An input that is not what it should be.
    case badInput = 65
    /// An output that cannot be written.
    case cannotWrite = 73
    /// Not finished; the same command, or `modeltree resume`, continues.
    case resumable = 75
    /// Ctrl-C; resumable as well.
    case interrupted = 130
  }

  package let kind: Kind
  package let message: String
  /// What the reader can do about it; empty when the message says everything.
  package let advice: String
  /// The file that this host cannot open or read, or has in another state than the import recorded, so
  /// that another host may do better; nil when something else went wrong.
  package let missing: String?

  package init(_ kind: Kind, _ message: String, advice: String = "", missing: String? = nil) {
    self.kind = kind
    self.message = message
    self.advice = advice
    self.missing = missing
  }

  package static func badInput(_ message: String, advice: String = "", missing: String? = nil) -> Failure {
    Failure(.badInput, message, advice: advice, missing: missing)
  }

  package static func cannotWrite(_ message: String, advice: String = "") -> Failure {
    Failure(.cannotWrite, message, advice: advice)
  }

  package static func usage(_ message: String, advice: String = "") -> Failure {
    Failure(.usage, message, advice: advice)
  }

  /// The same failure, for a file that the coordinator knows under another name than this host does.
  package func about(_ name: String, here: String) -> Failure {
    guard ByteString(name) != ByteString(here) else { return self }
    return Failure(
      kind, "\(message) (the coordinator's '\(name.printable)')", advice: advice,
      missing: missing == nil ? nil : name)
  }

  package var exitCode: Int32 { kind.rawValue }

  package var description: String { advice.isEmpty ? message : "\(message)\n  -> \(advice)" }
}
