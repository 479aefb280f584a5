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

  func row(seed: UInt64) throws -> String {
    let plan = Plan(models: (0..<models).map { Llama.record(number: $0, layers: layers) }, statistics: [])
    let count = shards ?? plan.shards.count
    var cluster = VirtualCluster(
      .init(workers: workers, jobs: [count], shardSeconds: Self.seconds(plan), blind: 0, seed: seed))
    let costs = try AnswerCosts(plan)
    let every = max(1, count / Self.sampled)
    cluster.onAccept = { lease in
      if lease.task.value % every == 0 { costs.take(lease, largest: Self.largestJournal) }
    }
    cluster.run()
    if let failure = costs.failure { throw failure }
    let grown = Double(costs.journalBytes) / Double(costs.answers) * Double(count)
    let scheduling = cluster.schedulingTime / .microseconds(1) / Double(count)
    return [
      "", "\(models)", "\(count)", "\(workers)", "\(Int(cluster.now)) s", "\(Int(cluster.ideal)) s",
      "\(fixed(100 * Double(cluster.computations - count) / Double(count), 1)) %", "\(Int(scheduling)) us",
      "\(Int(costs.codecTime / .microseconds(1) / Double(costs.answers))) us",
      "\(Int(costs.journalTime / .microseconds(1) / Double(costs.answers))) us",
      "\(ByteCount(bytes: Int(grown)))", "",
    ].joined(separator: " | ").trimmingCharacters(in: .whitespaces)
  }

  /// Of the middle worker, for the middle shard.
  private static func seconds(_ plan: Plan) -> Double {
    max(
      plan.pairCoordinates / pairsPerSecond, Double(plan.bytes) / bytesPerSecond) / Double(plan.shards.count)
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
