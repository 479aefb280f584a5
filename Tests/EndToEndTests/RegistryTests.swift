import Foundation
import TestPrograms
import TestSupport
import Testing

/// Fingerprints, registries and scans, as a user sees them.
@Suite struct RegistryTests {
  private struct List: Decodable {
    struct Model: Decodable {
      struct Source: Decodable { var sha256: String? }
      var id: String
      var license: String?
      var sources: [Source]
    }
    var models: [Model]
  }

  private struct Answer: Decodable {
    struct Reference: Decodable { var id: String }
    struct Copy: Decodable {
      var model: Reference
      var has_same_files: Bool
    }
    struct Parent: Decodable {
      var model: Reference
      var probability: Double
    }
    struct Family: Decodable { var members: [Reference] }
    var verdict: String
    var copies: [Copy]
    var parents: [Parent]
    var family: Family?
  }

  private func run(_ arguments: [String]) throws -> Program.Output { try Program.run(Program.modeltree, arguments) }

  private func list(_ registry: String) throws -> List {
    let output = try run(["registry", "list", registry, "--json"])
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(List.self, from: Data(output.stdout.utf8))
  }

  private func scan(_ model: String, _ registry: String) throws -> Answer {
    let output = try run(["scan", model, "--registry", registry, "--json"])
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(Answer.self, from: Data(output.stdout.utf8))
  }

  private struct Truth: Decodable {
    struct Model: Decodable {
      var id: String
      var parent: String?
    }
    var models: [Model]
  }

  @Test func scansFindParentsWithoutTheWeightsOfTheRegistry() throws {
    let folder = try TemporaryFolder()
    let zoo = "\(Program.root)/zoo/full-finetune"
    let truth = try JSONDecoder().decode(Truth.self, from: Data(contentsOf: URL(fileURLWithPath: "\(zoo)/truth.json")))
    // Every other child is a suspect that the registry does not know.
    let suspects = truth.models.filter { $0.parent != nil }.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    let names = Set(suspects.map(\.id))
    for model in truth.models where !names.contains(model.id) {
      try FileManager.default.createDirectory(atPath: folder.at("models"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: "\(zoo)/\(model.id)", toPath: folder.at("models/\(model.id)"))
    }
    #expect(try run(["fingerprint", folder.at("models"), "--registry", folder.at("known")]).status == 0)
    try folder.remove("models")
    var first = 0
    for suspect in suspects {
      let answer = try scan("\(zoo)/\(suspect.id)", folder.at("known"))
      #expect(answer.verdict == "related", "\(suspect.id)")
      let known = suspect.parent.map { !names.contains($0) } ?? false
      guard known else { continue }
      #expect(answer.parents.prefix(5).contains { $0.model.id == suspect.parent }, "\(suspect.id)")
      if answer.parents.first?.model.id == suspect.parent { first += 1 }
    }
    #expect(first >= 4)
  }

  @Test func aKilledWriterLosesAtMostTheModelUnderWay() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 12)
    let arguments = ["fingerprint", models, "--registry", folder.at("known"), "--threads", "1"]
    var rounds = 0
    while rounds < 4 {
      let running = try Running(Program.modeltree, arguments)
      let wasSeen = running.waitForError("added")
      running.send(SIGKILL)
      running.wait()
      rounds += 1
      let check = try run(["registry", "check", folder.at("known")])
      #expect(check.status == 0, "\(check.stdout)\(check.stderr)")
      if !wasSeen { break }
    }
    let whole = try run(arguments)
    #expect(whole.status == 0, "\(whole.stderr)")
    #expect(try Set(list(folder.at("known")).models.map(\.id)).count == 13)
    #expect(try list(folder.at("known")).models.count == 13)
    let again = try run(arguments)
    #expect(again.stdout.contains("0 models added, 13 known already"))
  }

  @Test func twoProgramsAddToOneRegistry() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 8)
    let arguments = ["fingerprint", models, "--registry", folder.at("known")]
    let running = try (0..<2).map { _ in try Running(Program.modeltree, arguments) }
    #expect(running.map { $0.wait() } == [0, 0], "\(running.map(\.stderr))")
    let expected = (0..<8).map { "child\($0)" } + ["root"]
    #expect(try list(folder.at("known")).models.map(\.id).sorted() == expected)
  }

  @Test func copiesLicensesHashesAndExports() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 2)
    try folder.write(
      "---\nlicense: apache-2.0\nbase_model: somebody/root\n---\n# Card\n", to: "models/child0/README.md")
    #expect(try run(["fingerprint", models, "--registry", folder.at("known")]).status == 0)
    let list = try list(folder.at("known"))
    #expect(list.models.first { $0.id == "child0" }?.license == "apache-2.0")
    #expect(list.models.allSatisfy { $0.sources.allSatisfy { $0.sha256?.count == 64 } })
    try FileManager.default.copyItem(atPath: folder.at("models/child1"), toPath: folder.at("upload"))
    let answer = try scan(folder.at("upload"), folder.at("known"))
    #expect(answer.verdict == "copy" && answer.copies.map(\.model.id) == ["child1"] && answer.copies[0].has_same_files)
    let table = try run(["registry", "export", folder.at("known"), "--format", "csv"])
    #expect(table.stdout.split(separator: "\n").count == 4 && table.stdout.contains("somebody/root"))
    #expect(
      try run(["registry", "export", folder.at("known"), "--format", "hdf5", "--out", folder.at("k.h5")]).status == 0)
    let reading =
      "import h5py,sys; f=h5py.File(sys.argv[1]); print(len(f['/models/id']), f['/tensors/numbers'].shape[1])"
    #expect(try Program.run(Program.python, ["-c", reading, folder.at("k.h5")]).stdout == "3 5\n")
  }

  @Test func whatIsWrongIsNamed() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 1)
    let none = try run(["scan", "\(models)/root", "--registry", folder.at("none")])
    #expect(none.status == 65 && none.stderr.contains("is not a registry"), "\(none.stderr)")
    #expect(try run(["fingerprint", models, "--registry", folder.at("known")]).status == 0)
    let two = try run(["scan", models, "--registry", folder.at("known")])
    #expect(two.status == 64 && two.stderr.contains("'scan' takes one"), "\(two.stderr)")
    var bytes = try folder.read("known/segment-000001.mtr")
    bytes[bytes.count - 100] ^= 1
    try folder.write(bytes, to: "known/segment-000001.mtr")
    let check = try run(["registry", "check", folder.at("known")])
    #expect(check.status == 65 && check.stdout.contains("checksum is wrong"), "\(check.stdout)")
    let full = try run(["fingerprint", models, "--registry", models])
    #expect(full.status == 73 && full.stderr.contains("not empty and no registry"), "\(full.stderr)")
  }
}
