internal import Core
internal import Foundation
internal import Glibc
package import Monitoring
package import Recovery
package import System
package import Transport

/// Looks again and again until the run has ended: a picture that is redrawn on a terminal, a line at a
/// time elsewhere.
package struct StatusWatch {
  private let source: StatusSource
  private let form: StatusText
  private let json: Bool

  package init(source: StatusSource, form: StatusText, json: Bool) {
    self.source = source
    self.form = form
    self.json = json
  }

  private static let enter = "\u{1b}[?1049h\u{1b}[?25l"
  private static let leave = "\u{1b}[?25h\u{1b}[?1049l"

  /// Signals end the program; made before any other thread. The terminal is left as it was.
  package static func stopSignals() -> StopSignals {
    StopSignals { number in
      if Terminal.canRedraw { Console.result(leave) }
      _exit(128 + number)
    }
  }

  package func run() throws(Failure) {
    var report = try source.look()
    guard Terminal.canRedraw, !json else { return try line(&report) }
    Console.result(Self.enter)
    do throws(Failure) {
      while report.state == .running {
        Console.result(frame(report))
        Thread.sleep(forTimeInterval: 1)
        report = try source.look()
      }
    } catch {
      Console.result(Self.leave + text(report))
      throw error
    }
    Console.result(Self.leave + text(report))
  }

  private func line(_ report: inout StatusReport) throws(Failure) {
    while true {
      Console.result(json ? StatusJSON.text(of: report) + "\n" : report.line)
      guard report.state == .running else { return }
      // Looked at often, so that the end is not missed; said less often.
      for _ in 0..<10 where report.state == .running {
        Thread.sleep(forTimeInterval: 1)
        report = try source.look()
      }
    }
  }

  private func text(_ report: StatusReport) -> String {
    var form = form
    form.columns = Terminal.size?.columns
    return report.text(form)
  }

  /// As many lines as the terminal has, each wiped to its end.
  private func frame(_ report: StatusReport) -> String {
    let rows = (Terminal.size?.rows ?? 24) - 1
    var lines = text(report).split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    if lines.count > rows { lines = lines.prefix(rows - 1) + ["…"] }
    return "\u{1b}[H" + lines.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J"
  }
}
