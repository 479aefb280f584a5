import Checkpoints
import Core
import Encodings
import Foundation
import Journal
import Planning
import Scheduling
import Storage
import System
import VirtualCluster
import Wire

/// One line of the table: so many models of one size, and so many workers.
struct Scenario {
  var models: Int
  var layers: Int
  var workers: Int
  /// In place of the plan's own number, for larger models of which every shard is as large.
  var shards: Int?

  /// Pair-coordinates per second that a worker with one thread computes.
  private static let pairsPerSecond = 2e10
  /// Bytes per second that it reads at most.
  private static let bytesPerSecond = 1e9
  /// The codec and the journal take the answer to every k-th shard for real, some hundred in all.
  private static let sampled = 300
  /// The journal is begun anew when it has grown so large, so that it needs no terabyte of disk.
  private static let largestJournal = 2 << 30
  /// Of the coordinator's network, bytes per second.
  private static let linkBytesPerSecond = 1e9
  /// Of the coordinator's thread, seconds for a byte of an answer: looked at and added; made durable.
  private static let secondsPerByte = (added: 5e-10, durable: 1.4e-9)

  func row(seed: UInt64) throws -> String {
    let plan = Plan(models: (0..<models).map { Llama.record(number: $0, layers: layers) }, statistics: [])
    let count = shards ?? plan.shards.count
    let answers = Self.answers(plan)
    let work = Self.work(plan)
    var cluster = VirtualCluster(
      .init(
        workers: workers, jobs: [count], shardSeconds: work.reduce(0, +) / Double(work.count), blind: 0,
        sharing: Sharing(
          shards: plan.shards.map {
            .init(pieces: $0.pieces, sumBytes: plan.sumBytes(of: $0), sharedBytes: plan.sampleBytes(of: $0))
          }, mostBytes: plan.partsBytes), work: work.map { $0 * Double(work.count) / work.reduce(0, +) },
        answers: answers, seed: seed))
    let costs = try AnswerCosts(plan)
    let every = max(1, count / Self.sampled)
    cluster.onAccept = { lease in
      if lease.task.value < count, lease.task.value % every == 0 { costs.take(lease, largest: Self.largestJournal) }
    }
    cluster.run()
    if let failure = costs.failure { throw failure }
    let grown = Double(costs.journalBytes) / Double(costs.answers) * Double(count)
    let scheduling = cluster.schedulingTime / .microseconds(1) / Double(count)
    let pieces = (0..<count).reduce(0) { $0 + plan.shards[$1 % plan.shards.count].pieces }
    return [
      "", "\(models)", "\(count)", "\(workers)", "\(fixed(cluster.now, 1)) s", "\(fixed(cluster.ideal, 1)) s",
      fixed(cluster.now / cluster.ideal, 2), "\(cluster.computations)",
      "\(fixed(100 * Double(cluster.piecesComputed - pieces) / Double(pieces), 1)) %",
      "\(ByteCount(bytes: cluster.bytesReceived))", "\(ByteCount(bytes: cluster.mostBytesKept))",
      "\(Int(scheduling)) us",
      "\(Int(costs.codecTime / .microseconds(1) / Double(costs.answers))) us",
      "\(Int(costs.journalTime / .microseconds(1) / Double(costs.answers))) us",
      "\(ByteCount(bytes: Int(grown)))", "",
    ].joined(separator: " | ").trimmingCharacters(in: .whitespaces)
  }

  /// Seconds that the middle worker takes for each shard.
  private static func work(_ plan: Plan) -> [Double] {
    plan.shards.map { shard in
      let pairs = Double(PairIndex(plan.tensors[shard.tensor].copies.count).count)
      return max(
        pairs * Double(shard.coordinates.count) / pairsPerSecond, Double(plan.bytes(of: shard)) / bytesPerSecond)
    }
  }

  /// What the answers cost that come to the coordinator: as many bytes as a shard has on average.
  private static func answers(_ plan: Plan) -> VirtualCluster.Answers {
    var (all, sums) = (0, 0)
    for shard in plan.shards {
      var schema = plan.schema(of: shard)
      all += PartialCodec.encodedBytes(of: schema, isHalved: true)
      schema.samples = []
      sums += PartialCodec.encodedBytes(of: schema)
    }
    let count = plan.shards.count
    return .init(
      sumBytes: sums / count, sharedBytes: (all - sums) / count, bytesPerSecond: linkBytesPerSecond,
      partSeconds: secondsPerByte.added * Double(all / count), taskSeconds: secondsPerByte.durable * Double(all / count)
    )
  }

  private func fixed(_ value: Double, _ digits: Int) -> String {
    value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
  }
}

/// A model of the shape of Llama 2 7B (32 layers; arXiv 2307.09288), without any file.
enum Llama {
  static func record(number: Int, layers: Int) -> ModelRecord {
    var shapes: [(String, [Int])] = [("model.embed_tokens.weight", [32_000, 4096])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)"
      for part in ["q", "k", "v", "o"] { shapes.append(("\(prefix).self_attn.\(part)_proj.weight", [4096, 4096])) }
      shapes.append(("\(prefix).mlp.gate_proj.weight", [11_008, 4096]))
      shapes.append(("\(prefix).mlp.up_proj.weight", [11_008, 4096]))
      shapes.append(("\(prefix).mlp.down_proj.weight", [4096, 11_008]))
      shapes.append(("\(prefix).input_layernorm.weight", [4096]))
      shapes.append(("\(prefix).post_attention_layernorm.weight", [4096]))
    }
    shapes += [("model.norm.weight", [4096]), ("lm_head.weight", [32_000, 4096])]
    let path = "/models/m\(number)/model.safetensors"
    var offset = 0
    let tensors = shapes.compactMap { name, extents -> StoredTensor? in
      guard let shape = TensorShape(extents) else { return nil }
      defer { offset += 2 * shape.elements }
      return StoredTensor(name: name, encoding: .bf16, shape: shape, file: path, offset: offset)
    }
    return ModelRecord(
      id: "m\(number)", path: path, store: "/run/store/m\(number).h5", tensors: tensors, setAside: [],
      sources: [SourceFile(path: path, bytes: offset, modified: 1, header: "h")])
  }
}
