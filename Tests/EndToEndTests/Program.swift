import Foundation
import TestPrograms

/// The built programs, the repository, and the Python that has the oracles.
enum Program {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  static let modeltree = "\(root)/.build/release/modeltree"
  static let worker = "\(root)/.build/release/modeltree-worker"
  static let python =
    ProcessInfo.processInfo.environment["MODELTREE_PYTHON"] ?? "\(root)/.venv/bin/python"

  struct Output {
    var status: Int32
    var stdout: String
    var stderr: String
    var lasted: Duration
  }

  /// Runs to the end.
  @discardableResult
  static func run(
    _ executable: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
  ) throws -> Output {
    let running = try Running(executable, arguments, input: input, environment: environment)
    let status = running.wait()
    return Output(status: status, stdout: running.stdout, stderr: running.stderr, lasted: running.lasted)
  }

  /// Runs one of Tests/Oracle's scripts.
  static func oracle(_ script: String, _ arguments: [String], input: String = "") throws -> Output {
    try run(python, ["\(root)/Tests/Oracle/\(script).py"] + arguments, input: input)
  }
}

/// A folder that goes away with its owner.
final class Scratch {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())modeltree-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
  }
}

/// Waits for a condition on files, which nothing announces; polls often and gives up after a minute.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<12_000 {
    if try condition() { return true }
    usleep(5_000)
  }
  return false
}
