internal import Core
internal import Foundation
internal import Glibc
public import Logging
internal import Synchronization
internal import System

/// What a program says beside its results, in the form that was asked for.
public enum StandardError {
  private struct Speech {
    var format = LogFormat.text
    var label = "modeltree"
    /// Is a line on the terminal that the next one replaces?
    var isOpen = false
  }

  private static let speech = Mutex(Speech())

  /// Says everything in this form from now on.
  public static func speak(_ format: LogFormat, as label: String) {
    speech.withLock {
      $0.format = format
      $0.label = label
    }
  }

  public static var format: LogFormat { speech.withLock { $0.format } }

  /// Can a line be rewritten, as progress is?
  public static var canRewrite: Bool { format == .text && isatty(STDERR_FILENO) == 1 }

  /// A line for people; in JSON, the message of an object.
  ///
  /// - Parameter job: which of several speaks.
  public static func say(_ text: String, level: Logger.Level = .info, job: String? = nil) {
    speech.withLock { speech in
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

  /// A line that the next one replaces, where the terminal can do that; a line as any other elsewhere.
  public static func show(_ text: String) {
    guard canRewrite else { return say(text) }
    speech.withLock { speech in
      write(clearing + text)
      speech.isOpen = true
    }
  }

  /// Takes the line that was shown off the terminal.
  public static func clear() {
    speech.withLock { speech in
      if speech.isOpen { write(clearing) }
      speech.isOpen = false
    }
  }

  private static let clearing = "\r\u{1b}[K"

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
