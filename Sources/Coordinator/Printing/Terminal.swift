internal import Core
internal import Foundation
internal import Glibc
package import Reports

/// The terminal that results go to, if it is one.
package enum Terminal {
  /// Colour on a terminal alone, and not against the reader's wish (no-color.org). Columns as the
  /// terminal says; for files and pipes there is no limit.
  package static var style: TextTree.Style {
    guard let size else { return .init() }
    let environment = ProcessInfo.processInfo.environment
    let wishes = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    return .init(columns: size.columns, hasColour: wishes)
  }

  /// nil for files and pipes.
  package static var size: (columns: Int, rows: Int)? {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return (max(40, Int(size.ws_col)), size.ws_row > 0 ? max(5, Int(size.ws_row)) : 24)
    }
    let environment = ProcessInfo.processInfo.environment
    return (environment["COLUMNS"].flatMap(Int.init).map { max(40, $0) } ?? 80, 24)
  }

  /// Can a picture on it be redrawn?
  package static var canRedraw: Bool { size != nil && ProcessInfo.processInfo.environment["TERM"] != "dumb" }
}
