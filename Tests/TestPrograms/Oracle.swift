package import Foundation

/// Runs the scripts in Tests/Oracle: what other people's tools make of our files.
package enum Oracle {
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  /// The folder of Package.swift.
  package static let repositoryRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The Python that has the packages: `MODELTREE_PYTHON`, or the one that `scripts/setup --python` makes.
  package static let python: String = {
    let given = ProcessInfo.processInfo.environment["MODELTREE_PYTHON"] ?? ""
    return given.isEmpty ? "\(repositoryRoot)/.venv/bin/python" : given
  }()

  /// Starts a script that a test talks with.
  package static func start(_ script: String, _ arguments: [String], input: String = "") throws -> Running {
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw Problem(description: "no Python at \(python): run 'scripts/setup --python', or set MODELTREE_PYTHON")
    }
    return try Running(python, ["\(repositoryRoot)/Tests/Oracle/\(script)"] + arguments, input: input)
  }

  /// Runs a script and returns what it prints.
  package static func text(_ script: String, _ arguments: [String], input: String = "") throws -> Data {
    let process = try start(script, arguments, input: input)
    let status = process.wait()
    guard status == 0 else {
      throw Problem(description: "Tests/Oracle/\(script) ended with \(status): \(process.stderr)")
    }
    return Data(process.stdout.utf8)
  }

  /// Runs a script that prints nothing to read.
  package static func run(_ script: String, _ arguments: String...) throws {
    _ = try text(script, arguments)
  }

  /// Runs a script and decodes the JSON that it prints.
  package static func run<Answer: Decodable>(
    _ script: String, _ arguments: String..., answer: Answer.Type = Answer.self
  ) throws -> Answer {
    try decode(try text(script, arguments), of: script)
  }

  /// Runs a script with a question as JSON on its standard input, and decodes the JSON that it prints.
  package static func ask<Question: Encodable, Answer: Decodable>(
    _ script: String, _ question: Question, _: Answer.Type = Answer.self
  ) throws -> Answer {
    let input = String(decoding: try JSONEncoder().encode(question), as: UTF8.self)
    return try decode(try text(script, [], input: input), of: script)
  }

  private static func decode<Answer: Decodable>(_ text: Data, of script: String) throws -> Answer {
    do {
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return try decoder.decode(Answer.self, from: text)
    } catch {
      let printed = String(decoding: text, as: UTF8.self)
      throw Problem(description: "Tests/Oracle/\(script) printed the unexpected (\(error)): \(printed)")
    }
  }
}
