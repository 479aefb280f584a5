/// The built programs, and how to run a program to its end.
public enum Program {
  public static let root = Oracle.repositoryRoot
  public static let modeltree = "\(root)/.build/release/modeltree"
  public static let worker = "\(root)/.build/release/modeltree-worker"
  public static let python = Oracle.python

  public struct Output: Sendable {
    public var status: Int32
    public var stdout: String
    public var stderr: String
  }

  /// Runs to the end.
  @discardableResult
  public static func run(
    _ executable: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> Output {
    finish(try Running(executable, arguments, input: input, environment: environment))
  }

  /// Runs one of Tests/Oracle's scripts, whose failure is for the test to judge.
  public static func oracle(_ script: String, _ arguments: [String], input: String = "") throws -> Output {
    finish(try Oracle.start("\(script).py", arguments, input: input))
  }

  private static func finish(_ running: Running) -> Output {
    let status = running.wait()
    return Output(status: status, stdout: running.stdout, stderr: running.stderr)
  }
}
