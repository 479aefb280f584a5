/// The built programs, and how to run a program to its end.
package enum Program {
  package static let root = Oracle.repositoryRoot
  package static let modeltree = "\(root)/.build/release/modeltree"
  package static let worker = "\(root)/.build/release/modeltree-worker"
  package static let python = Oracle.python

  package struct Output: Sendable {
    package var status: Int32
    package var stdout: String
    package var stderr: String
  }

  /// Runs to the end.
  @discardableResult
  package static func run(
    _ executable: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> Output {
    finish(try Running(executable, arguments, input: input, environment: environment))
  }

  /// Runs one of Tests/Oracle's scripts, whose failure is for the test to judge.
  package static func oracle(_ script: String, _ arguments: [String], input: String = "") throws -> Output {
    finish(try Oracle.start("\(script).py", arguments, input: input))
  }

  private static func finish(_ running: Running) -> Output {
    let status = running.wait()
    return Output(status: status, stdout: running.stdout, stderr: running.stderr)
  }
}
