import Batch
import Core
import Foundation
import System
import TestSupport
import Testing

@Suite struct JobListTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Ten levels of nine aliases each: more than three billion entries.
  private static let bomb =
    "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    + (1..<10).map { level in
      "l\(level): &l\(level) [\(Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", "))]\n"
    }.joined()

  private func list(_ yaml: String, out: String? = nil) throws -> JobList {
    let path = "\(folder.path)/jobs.yaml"
    try Data(yaml.utf8).write(to: URL(fileURLWithPath: path))
    return try JobList(path: path, out: out)
  }

  @Test func pathsAreRelativeToTheFileAndOptionsAreInherited() throws {
    let list = try list(
      """
      out: results
      defaults: {distance: l2, lambda: 0.5}
      jobs:
        - models/llamas
        - name: vits
          models: [a/b, /absolute/c]
          distance: auto
          truth: a/truth.json
          hints: auto
          families: 3
          out: elsewhere/v
      """)
    let root = folder.path
    #expect(list.out == "\(root)/results")
    #expect(
      list.jobs == [
        JobList.Job(
          name: "llamas", models: ["\(root)/models/llamas"], out: "\(root)/results/llamas",
          options: ["distance": "l2", "lambda": "0.5"]),
        JobList.Job(
          name: "vits", models: ["\(root)/a/b", "/absolute/c"], out: "\(root)/elsewhere/v",
          options: [
            "distance": "auto", "lambda": "0.5", "truth": "\(root)/a/truth.json", "hints": "auto",
            "families": "3",
          ]),
      ])
  }

  @Test func theCommandLineMayNameAnotherPlace() throws {
    #expect(try list("jobs: [a]", out: "/elsewhere").jobs.map(\.out) == ["/elsewhere/a"])
  }

  @Test(arguments: [
    ("jobs: [", "cannot be read as YAML"), (bomb + "jobs: *l9\n", "aliases stand for more than"),
    ("- a", "is no list of jobs"), ("jobs: []", "has no jobs"), ("out: x", "has no jobs"),
    ("jobs: [a]\nworkers: 3", "has the key 'workers' in the file"),
    ("jobs:\n  - name: a", "has no 'models' in job 1"), ("jobs:\n  - models: []", "has an empty list"),
    ("jobs:\n  - models: a\n    distanze: l2", "has the key 'distanze' in job 1"),
    ("jobs:\n  - models: a\n    distance: [l2]", "has no text or number under 'job 1: distance'"),
    ("jobs: [a, b/a]", "gives two jobs the name 'a'"),
    ("jobs:\n  - {name: a, models: x, out: o}\n  - {name: b, models: y, out: o}", "two jobs the run directory"),
    ("jobs:\n  - {name: a/b, models: x}", "names job 1 'a/b'"), ("jobs: [[a]]", "something else than a path"),
    ("jobs: [a]\ndefaults: 3", "has no options under 'defaults'"),
  ])
  func whatIsWrongIsNamed(_ yaml: String, _ problem: String) throws {
    let failure = try #require(throws: Failure.self) { try list(yaml) }
    #expect(failure.kind == .badInput)
    #expect(failure.message.contains(problem), "\(failure.message)")
    #expect(failure.message.contains("jobs.yaml"))
  }

  @Test func aFileThatIsNotThereIsNamed() throws {
    let failure = try #require(throws: Failure.self) { try JobList(path: "\(folder.path)/none.yaml") }
    #expect(failure.message.contains("none.yaml"))
  }
}
