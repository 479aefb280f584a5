import Core
import Foundation
import Graph
import Reports
import System
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// The packages of the standards themselves read what is written.
struct AttestationTests {
  private struct Read: Decodable, Equatable {
    var ancestors: [String]
    var hashes: [String]
  }

  private func read(_ format: AttestationFormat, _ attestation: Attestation) throws -> [String: Read] {
    let folder = try TemporaryFolder()
    let path = folder.at("attestation.json")
    try Data(format.render(attestation).utf8).write(to: URL(fileURLWithPath: path))
    return try Oracle.run("check_attestations.py", format.rawValue, path)
  }

  private func expected(_ graph: ModelGraph, _ files: [String: [AttestedModel.File]]) -> [String: Read] {
    var found: [String: Read] = [:]
    for (place, node) in graph.nodes.enumerated() {
      let ancestors = graph.edges.filter { $0.target == place && $0.component == nil }
      found[node.id] = Read(
        ancestors: ancestors.map { graph.nodes[$0.source].id }.sorted(),
        hashes: (files[node.id] ?? []).compactMap(\.sha256).sorted())
    }
    return found
  }

  @Test(arguments: AttestationFormat.allCases)
  func aGrownForestIsReadAsItIs(format: AttestationFormat) throws {
    let graph = grownGraph(models: 40, families: 4, seed: 5)
    let files = Dictionary(
      uniqueKeysWithValues: graph.nodes.enumerated().map { place, node in
        (
          node.id,
          [
            AttestedModel.File(
              path: "/models/\(place)/model.safetensors", bytes: 1000 + place,
              sha256: SHA256.digest(of: Array("\(place)".utf8)).text)
          ]
        )
      })
    let attestation = Attestation(graph, files: files, created: "2026-02-28T12:00:00Z")
    #expect(try read(format, attestation) == expected(graph, files))
    #expect(format.render(attestation) == format.render(attestation))
  }

  @Test(arguments: [AttestationFormat.cyclonedx, .spdx])
  func anyNameIsReadBack(format: AttestationFormat) throws {
    let graph = nastyGraph()
    let attestation = Attestation(graph, files: [:], created: "2026-02-28T12:00:00Z", finding: "any name")
    #expect(try read(format, attestation) == expected(graph, [:]))
  }

  @Test func anotherFindingHasAnotherNumber() throws {
    let graph = grownGraph(models: 5, families: 1, seed: 5)
    let number = { (finding: String) throws -> String in
      let text = AttestationFormat.cyclonedx.render(
        Attestation(graph, files: [:], created: "2026-02-28T12:00:00Z", finding: finding))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      return try #require(object["serialNumber"] as? String)
    }
    #expect(try number("a") == number("a"))
    #expect(try number("a") != number("b"))
    #expect(UUID(uuidString: String(try number("a").dropFirst("urn:uuid:".count))) != nil)
  }
}
