import Foundation
import TestPrograms
import TestSupport
import Testing

/// What all commands have in common on a terminal: `--quiet`, `--json`, and texts from other systems.
@Suite struct TerminalTests {
  private let scratch: TemporaryFolder
  private let models: String
  /// A relative that is not among them.
  private let newcomer: String
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily()
    newcomer = scratch.at("new")
    try Recipe.make([Recipe(folder: newcomer, seed: 99, parent: "\(models)/root", step: 0.02)])
  }

  private func modeltree(_ words: [String], status: Int32 = 0) throws -> Program.Output {
    let output = try Program.run(Program.modeltree, words)
    #expect(output.status == status, "\(words.joined(separator: " ")): \(output.stderr)")
    return output
  }

  @Test func everyAnswerIsThereAsJSON() throws {
    try scratch.write(
      #"{"models": [{"id": "root", "parent": null}, {"id": "child0", "parent": "root"}]}"#, to: "truth.json")
    let registry = scratch.at("known")
    let commands: [[String]] = [
      ["plan", models], ["import", models, "--store", scratch.at("stores")], ["recover", models, "--out", run],
      ["resume", run], ["status", run], ["tree", run], ["evaluate", run, "--truth", scratch.at("truth.json")],
      ["report", run], ["why", run, "child0"], ["path", run, "child0", "root"], ["verify", run],
      ["compare", "\(models)/root", "\(models)/child0"], ["query", run, newcomer], ["diff", run, run],
      ["fingerprint", models, "--registry", registry], ["scan", "\(models)/child1", "--registry", registry],
      ["registry", "list", registry], ["registry", "check", registry],
      ["registry", "merge", registry, "--out", scratch.at("other")],
    ]
    for words in commands {
      let output = try modeltree(words + ["--json"])
      #expect(throws: Never.self, "\(words): \(output.stdout.prefix(300))") {
        _ = try JSONSerialization.jsonObject(with: Data(output.stdout.utf8))
      }
      #expect(output.stdout.hasSuffix("\n") && output.stdout.matches(of: #/"[a-z]+[A-Z]\w*" :/#).isEmpty, "\(words)")
    }
    let plain = try modeltree(["tree", run, "--format", "json"]).stdout
    #expect(try modeltree(["tree", run, "--json"]).stdout == plain)
    #expect(try modeltree(["resume", run, "--json"]).stdout == plain)
  }

  @Test func quietCommandsSayErrorsAlone() throws {
    let tree = try modeltree(["recover", models, "--out", run, "--quiet"])
    #expect(tree.stderr.isEmpty && tree.stdout.hasPrefix("4 models: 1 family"), "\(tree.stderr)")
    let loud = try modeltree(["recover", models, "--out", scratch.at("loud")])
    #expect(loud.stdout == tree.stdout && loud.stderr.contains("recovered in"))
    for words in [
      ["query", run, newcomer], ["fingerprint", models, "--registry", scratch.at("known")], ["resume", run],
      ["import", models, "--store", scratch.at("stores")],
    ] {
      let output = try modeltree(words + ["-q"])
      #expect(output.stderr.isEmpty && !output.stdout.isEmpty, "\(words): \(output.stderr)")
    }
    let failed = try modeltree(["recover", scratch.at("nowhere"), "--out", run, "--quiet"], status: 65)
    #expect(failed.stdout.isEmpty && failed.stderr.contains("nowhere"), "\(failed.stderr)")
    let worker = try Program.run(
      Program.worker, ["--connect", "ipc://\(scratch.at("nobody"))", "--patience", "1", "--quiet"])
    #expect(worker.status == 75 && worker.stderr.split(separator: "\n").count == 2, "\(worker.stderr)")
  }

  @Test func listsWithTheLineEndsOfWindowsAreRead() throws {
    let hints = try scratch.write(
      "\u{feff}id,created,base_model,license\r\nroot,2024-01-01,,mit\r\nchild0,2024-02-01,root,mit\r\n", to: "hints.csv"
    )
    let truth = try scratch.write(
      "{\"models\": [\r\n{\"id\": \"root\"},\r\n{\"id\": \"child0\", \"parent\": \"root\"}]}\r\n", to: "truth.json")
    let output = try modeltree(["recover", models, "--out", run, "--hints", hints, "--truth", truth])
    #expect(try String(contentsOfFile: "\(run)/hints.csv", encoding: .utf8).contains("child0,root,"))
    #expect(!output.stdout.contains("\r"))
    let yaml = try scratch.write("root:\r\n  license: mit\r\nchild0:\r\n  base_model: root\r\n", to: "hints.yaml")
    _ = try modeltree(["recover", models, "--out", run, "--hints", yaml, "--redo"])
    #expect(try String(contentsOfFile: "\(run)/hints.csv", encoding: .utf8).contains("child0,root,"))
  }
}
