import Foundation
import TestPrograms
import TestSupport
import Testing

/// Shards that take so long that several workers share them: so many models that a small matrix is cut into pieces.
@Suite(.serialized) struct SharedShardTests {
  /// 700 models with two matrices, which are a shard of four pieces each.
  private func models(in scratch: TemporaryFolder) throws -> String {
    let root = Recipe(folder: scratch.at("models/root"), seed: 1, tensors: 2, shape: [266, 266], dtype: "float16")
    let children = (1..<700).map {
      Recipe(folder: scratch.at("models/child\($0)"), seed: $0 + 1, parent: root.folder, step: 0.02)
    }
    try Recipe.make([root] + children)
    return scratch.at("models")
  }

  @Test func whoComputesWhichPartDoesNotMatter() throws {
    let scratch = try TemporaryFolder()
    let models = try models(in: scratch)
    let alone = try Program.run(
      Program.modeltree, ["recover", models, "--out", scratch.at("alone"), "--workers", "1"])
    #expect(alone.status == 0, "\(alone.stderr)")
    let expected = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.at("alone"))/results.h5"))

    // Three workers, one of which reads slowly and one very slowly.
    let shared = try Cluster(models: models, run: scratch.at("shared"))
    let workers = try [
      shared.worker("--max-read", "5MB/s"), shared.worker("--max-read", "20MB/s"), shared.worker(),
    ]
    shared.finish()
    for worker in workers { #expect(worker.leave() == 0, "\(worker.stderr)") }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(shared.run)/results.h5")) == expected)

    // A coordinator that is killed while it holds the sums of parts: no shard is whole, and all begins anew.
    let first = try Cluster(models: models, run: scratch.at("killed"))
    let meddler = try Meddler(first.endpoint, ["--pass", "3"])
    let patient = try (0..<2).map { _ in try first.worker(at: meddler.endpoint) }
    #expect(eventually { answersRead(first.run).values.reduce(0, +) == 3 })
    #expect(shardsDone(first.run) == 0, "three answers to parts of two shards in four pieces")
    first.coordinator.end()
    let second = try Cluster(["resume", first.run], run: first.run, listen: first.endpoint)
    meddler.release()
    second.finish()
    for worker in patient { #expect(worker.leave() == 0, "\(worker.stderr)") }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(first.run)/results.h5")) == expected)
  }
}
