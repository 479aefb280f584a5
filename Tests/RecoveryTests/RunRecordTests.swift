import Checkpoints
import Coordination
import Core
import Foundation
import Graph
import Lineage
import Monitoring
import Recovery
import Reports
import Storage
import System
import Testing
import TestSupport

/// `run.json` has one owner, who writes it and reads it.
struct RunRecordTests {
  /// As docs/file-formats.md lists them.
  private static let keys: Set<String> = [
    "software", "started", "host", "processors", "system", "inputs", "options", "models", "notes", "tensors", "shards",
    "shards_reused", "bytes_of_weights", "bytes_read", "read_ratio", "worker_seconds", "serving_seconds",
    "seconds_by_phase", "processor_seconds_by_phase", "seconds", "disputes", "results",
  ]

  @Test func theFileHasTheKeysOfTheContractAndComesBackAsItWas() throws {
    let folder = try TemporaryFolder()
    let run = ComputedRun(folder: folder)
    let invocation = Invocation(inputs: [try folder.makeFamily()], lineage: LineageOptions())
    try run.compute(invocation, at: folder.at("run"))
    let report = try #require(try run.recover(invocation, at: folder.at("run")))
    let text = try folder.text("run/run.json")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(Set(object.keys) == Self.keys)
    #expect(object["inputs"] as? [String] == invocation.inputs)
    #expect(object["shards_reused"] as? Int == object["shards"] as? Int)
    let models = try #require(object["models"] as? [[String: Any]])
    #expect(models.compactMap { $0["id"] as? String } == ["child1-0", "child1-1", "root1"])
    let phases = try #require(object["seconds_by_phase"] as? [String: Double])
    #expect(Set(phases.keys) == ["import and plan", "compare", "solve", "report"])
    #expect(phases.values.reduce(0, +) <= report.seconds)

    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let record = try decoder.decode(RunRecord.self, from: Data(text.utf8))
    #expect(record.json == text)
    #expect(record.seconds == report.seconds)
  }
}
