import Foundation
import TestPrograms
import Testing

/// Reference implementations in Python, asked in batches.
enum Oracle {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `MODELTREE_PYTHON`, or the interpreter that `scripts/setup --python` makes.
  private static var interpreter: URL? {
    if let path = ProcessInfo.processInfo.environment["MODELTREE_PYTHON"], !path.isEmpty {
      return URL(fileURLWithPath: path)
    }
    let path = root.appendingPathComponent(".venv/bin/python")
    return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
  }

  /// Runs `Tests/Oracle/<script>` with the question as JSON on stdin.
  ///
  /// - Returns: the answer, or nil after an issue was recorded: nothing passes unasked.
  static func ask<Question: Encodable, Answer: Decodable>(
    _ script: String, _ question: Question, _: Answer.Type = Answer.self
  ) throws -> Answer? {
    guard let interpreter else {
      Issue.record("no Python for Tests/Oracle: run 'scripts/setup --python' or set MODELTREE_PYTHON")
      return nil
    }
    let process = try Running(
      interpreter.path, [root.appendingPathComponent("Tests/Oracle/\(script)").path],
      input: String(decoding: try JSONEncoder().encode(question), as: UTF8.self))
    guard process.wait() == 0 else {
      Issue.record("\(script) failed: \(process.stderr)")
      return nil
    }
    return try JSONDecoder().decode(Answer.self, from: Data(process.stdout.utf8))
  }
}
