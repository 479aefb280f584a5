internal import Core
internal import Foundation
internal import Glibc
package import Logging
internal import Synchronization
internal import System

/// Writes everything that is not a result to standard error, as text or JSON.
package enum StandardError {
  private struct Speech {
    var format = LogFormat.text
    var label = "modeltree"
    var isQuiet = false
    /// Whether the last line on the terminal is to be replaced by the next one.
    var isOpen = false
  }

  private static let speech = Mutex(Speech())

  /// Sets the form of everything that follows.
  package static func speak(_ format: LogFormat, as label: String) {
    speech.withLock {
      $0.format = format
      $0.label = label
    }
  }

  /// From now on everything but errors is dropped.
  package static func sayErrorsOnly() { speech.withLock { $0.isQuiet = true } }

  package static var format: LogFormat { speech.withLock { $0.format } }

  /// Whether a line can be rewritten in place, as progress is.
  package static var canRewrite: Bool { format == .text && isatty(STDERR_FILENO) == 1 }

  /// Writes a line; in JSON it becomes the message of an object.
  ///
  /// - Parameters:
  ///   - text: one line, without its end.
  ///   - level: severity, for JSON.
  ///   - job: the job of a batch that the line is about.
  package static func say(_ text: String, level: Logger.Level = .info, job: String? = nil) {
    speech.withLock { speech in
      guard !speech.isQuiet || level >= .error else { return }
      switch speech.format {
      case .text:
        write((speech.isOpen ? clearing : "") + (job.map { "\($0.printable): " } ?? "") + text + "\n")
        speech.isOpen = false
      case .json:
        let message = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !message.isEmpty else { return }
        let metadata: Logger.Metadata = job.map { ["job": .string($0)] } ?? [:]
        write(LogLine(level: level, label: speech.label, message: message, metadata: metadata).json() + "\n")
      }
    }
  }

  /// Writes a line that the next one replaces, if the terminal supports that; otherwise an ordinary line.
  package static func show(_ text: String) {
    guard canRewrite else { return say(text) }
    speech.withLock { speech in
      guard !speech.isQuiet else { return }
      // A line that the terminal breaks would stay behind.
      write(clearing + (columns.map { TextColumns.cut(text, to: $0 - 1) } ?? text))
      speech.isOpen = true
    }
  }

  /// Removes the line that `show` wrote.
  package static func clear() {
    speech.withLock { speech in
      if speech.isOpen { write(clearing) }
      speech.isOpen = false
    }
  }

  /// Of the terminal; nil where it does not say.
  private static var columns: Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return nil }
    return Int(size.ws_col)
  }

  private static let clearing = "\r\u{1b}[K"

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
