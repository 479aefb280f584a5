import Foundation

/// A server for tests, behind a process that stays simple. Servers close every file that they inherit, and
/// Foundation, which knows a child's end by such a file, would wait for it in the only thread that hears of any
/// child's end.
final class Daemon {
  private let keeper: Running

  init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    keeper = try Running(
      Program.python, ["\(Program.root)/Tests/Oracle/daemon.py", executable] + arguments, environment: environment)
  }

  var stderr: String { keeper.stderr }

  func waitForError(_ text: String) -> Bool { keeper.waitForError(text) }

  func stop() {
    keeper.send(SIGTERM)
    _ = keeper.wait()
  }
}
