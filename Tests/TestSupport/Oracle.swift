public import Foundation
internal import TestPrograms

/// Runs the scripts in Tests/Oracle: what other people's tools make of our files.
public enum Oracle {
  public struct Problem: Error, CustomStringConvertible {
    public let description: String
  }

  /// The folder of Package.swift.
  public static var repositoryRoot: String {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }

  /// Runs a script that prints nothing to read.
  public static func run(_ script: String, _ arguments: String...) throws {
    _ = try output(script, arguments)
  }

  /// Runs a script and decodes the JSON that it prints.
  public static func run<Answer: Decodable>(
    _ script: String, _ arguments: String..., answer: Answer.Type = Answer.self
  ) throws -> Answer {
    let text = try output(script, arguments)
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

  /// Runs a script and returns what it prints.
  public static func text(_ script: String, _ arguments: [String]) throws -> Data {
    try output(script, arguments)
  }

  private static func output(_ script: String, _ arguments: [String]) throws -> Data {
    let process = try Running(try interpreter(), ["\(repositoryRoot)/Tests/Oracle/\(script)"] + arguments)
    let status = process.wait()
    guard status == 0 else {
      throw Problem(description: "Tests/Oracle/\(script) ended with \(status): \(process.stderr)")
    }
    return Data(process.stdout.utf8)
  }

  private static func interpreter() throws -> String {
    if let given = ProcessInfo.processInfo.environment["MODELTREE_PYTHON"] { return given }
    let own = "\(repositoryRoot)/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: own) else {
      throw Problem(
        description: "no Python to compare with: 'make test' sets up \(own), or set MODELTREE_PYTHON")
    }
    return own
  }
}
