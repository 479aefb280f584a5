import Foundation
import TestPrograms

/// A server for tests, which ends even when the tests are killed.
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
