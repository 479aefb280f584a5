import Foundation
import TestSeed
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
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("modeltree-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
    try JSONEncoder().encode(question).write(to: names[0])
    for name in names[1...] { try Data().write(to: name) }
    let process = Process()
    process.executableURL = interpreter
    process.arguments = [root.appendingPathComponent("Tests/Oracle/\(script)").path]
    process.standardInput = try FileHandle(forReadingFrom: names[0])
    process.standardOutput = try FileHandle(forWritingTo: names[1])
    process.standardError = try FileHandle(forWritingTo: names[2])
    try Spawning.alone { try process.run() }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      Issue.record("\(script) failed: \(try String(contentsOf: names[2], encoding: .utf8))")
      return nil
    }
    return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: names[1]))
  }
}
