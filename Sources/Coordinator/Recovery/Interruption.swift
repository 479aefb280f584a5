package import Transport

/// What SIGINT and SIGTERM do while a recovery is at work.
///
/// How the program ends is decided by whoever owns the process; the recovery says when it may end at once and
/// when it has to stop first. Nothing is lost by ending at once outside of the computing of shards: files are
/// whole or absent, and shards that count as finished are in the journal.
package struct Interruption: Sendable {
  private let signals: StopSignals?
  private let endProgram: @Sendable (_ signal: Int32) -> Void

  /// - Parameters:
  ///   - signals: nil when the process has other plans for its signals, as tests have.
  ///   - endProgram: ends the process, with the exit code that belongs to the signal.
  package init(_ signals: StopSignals?, endProgram: @escaping @Sendable (_ signal: Int32) -> Void) {
    self.signals = signals
    self.endProgram = endProgram
  }

  /// For work that nobody interrupts.
  package static let never = Interruption(nil) { _ in }

  /// The next signal calls the handler, which stops what is under way.
  package func handle(_ handler: @escaping @Sendable (_ signal: Int32) -> Void) { signals?.handle(handler) }

  /// The next signal ends the program at once.
  package func endAtOnce() { signals?.handle(endProgram) }

  /// The next signal calls the handler, and then ends the program.
  package func end(after handler: @escaping @Sendable () -> Void) {
    signals?.handle { [endProgram] signal in
      handler()
      endProgram(signal)
    }
  }
}
