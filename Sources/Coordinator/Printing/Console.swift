internal import Core
internal import Foundation
internal import Glibc
internal import Graph
internal import Lineage
internal import Logging
internal import Logs
package import Recovery
internal import Reports
internal import System
internal import Transport

/// Results go to stdout, everything else to stderr.
package enum Console {
  package static func result(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  /// - Parameters:
  ///   - line: without its end.
  ///   - job: which job of a batch it is about.
  package static func say(_ line: String, job: String? = nil) { StandardError.say(line, job: job) }

  package static func error(_ line: String, job: String? = nil) { StandardError.say(line, level: .error, job: job) }

  /// Shows what a recovery reports.
  package static let show: RunEventHandler = { say($0.text) }

  /// Shows the result of a recovery: the tree on stdout, and where to look next on stderr.
  ///
  /// - Parameter json: as `tree.json` has it; the evaluation stands in `run.json`.
  package static func show(_ report: RecoveryReport, json: Bool) {
    if json {
      result(TreeFormat.json.render(report.tree))
    } else {
      result(TextTree.render(report.tree, style: Terminal.style))
      if let evaluation = report.evaluation { result("\n" + EvaluationText.text(evaluation)) }
    }
    say("\nrecovered in \(fixed(report.seconds, 2)) s")
    say("open \(shortened(report.page))   (all files: \(shortened(report.directory))/)")
  }

  /// A path as somebody would type it here.
  private static func shortened(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return (path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path).printable
  }
}

extension Interruption {
  /// Ends the program on the first signal until the work says otherwise. Made before any other thread.
  ///
  /// - Parameter cleanUp: called before the program ends.
  package static func endingProgram(_ cleanUp: @escaping @Sendable () -> Void = {}) -> Interruption {
    let end: @Sendable (Int32) -> Void = { signal in
      cleanUp()
      Console.say("modeltree: stopped; repeat the same command to resume")
      _exit(signal == SIGINT ? Failure.Kind.interrupted.rawValue : Failure.Kind.resumable.rawValue)
    }
    return Interruption(StopSignals(end), endProgram: end)
  }
}
