import Checkpoints
import Compute
import Coordination
import Core
import Foundation
import Graph
import Journal
import Lineage
import Monitoring
import Planning
import Recovery
import Storage
import Synchronization
import System
import TestSupport
import Wire

/// Events of a recovery, in order.
final class Events: Sendable {
  private let seen = Mutex<[RunEvent]>([])

  var all: [RunEvent] { seen.withLock { $0 } }
  var report: RunEventHandler { { [self] event in seen.withLock { $0.append(event) } } }
}

extension TemporaryFolder {
  /// A root and its children: small networks whose children differ from the root by a little noise.
  ///
  /// - Returns: the folder that holds them.
  @discardableResult
  func makeFamily(_ name: String = "models", children: Int = 2, seed: UInt64 = 1, layers: Int = 2, rows: Int = 24)
    throws -> String
  {
    var random = SeededRandom(seed)
    let root = (0..<layers).map {
      TestTensor.random("model.layers.\($0).mlp.up_proj.weight", .f32, [rows, 16], using: &random)
    }
    try write(root, to: "\(name)/root\(seed)/model.safetensors")
    for child in 0..<children {
      let tensors = root.map { tensor in
        TestTensor(
          tensor.name, .f32, tensor.shape, tensor.values.map { $0 + 0.01 * Double(child + 1) * random.nextWeight() })
      }
      try write(tensors, to: "\(name)/child\(seed)-\(child)/model.safetensors")
    }
    return at(name)
  }
}

/// A run directory whose shards are computed in this process, so that no worker is needed.
struct ComputedRun {
  let folder: TemporaryFolder
  let events = Events()

  /// Opens the directory for a collection, as a recovery does.
  func open(_ invocation: Invocation, _ directory: RunDirectory, mayChangeModels: Bool = true) throws -> Comparison {
    let collection = try CollectionLoader(stores: directory.newStores, mode: .places).load(invocation.inputs)
    return try ComparisonOpener(
      directory: directory, invocation: invocation, mayChangeModels: mayChangeModels, report: events.report
    ).open(
      Plan(collection, statistics: invocation.lineage.metric.statistics), try Journal(path: directory.journal))
  }

  /// The encoded sums of a shard, computed from the weights.
  func partial(_ shard: Shard, of plan: Plan) throws -> [UInt8] {
    let tensor = plan.tensors[shard.tensor]
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: shard.id, attempt: 1, shape: tensor.shape, coordinates: shard.coordinates,
      statistics: tensor.statistics, samples: shard.samples, spectrum: shard.spectrum, sketch: tensor.sketch,
      sources: tensor.namesakes.map { .init(tensor: $0.name, models: $0.models) })
    let partial = try ShardStream.compute(
      assignment, stores: plan.models.map(\.store), library: StoreCache(), memoryBytes: 1 << 24)
    guard let partial else { throw Failure(.unclassified, "cancelled by nobody") }
    return PartialCodec.encode(partial)
  }

  /// Computes shards that the journal does not have yet.
  func compute(_ comparison: Comparison, tensors: Range<Int>? = nil) throws {
    let done = try comparison.journal.finishedShards()
    let entries = try comparison.plan.shards.filter {
      !done.contains($0.id) && (tensors?.contains($0.tensor) ?? true)
    }.map { shard in
      Journal.Entry(
        shard: shard.id, attempt: 1, worker: "test", seconds: 0,
        bytesRead: comparison.plan.bytes(of: shard), partial: try partial(shard, of: comparison.plan))
    }
    try comparison.journal.record(entries)
  }

  /// Computes everything, so that a recovery only has to solve and to report.
  func compute(_ invocation: Invocation, at path: String) throws {
    let directory = try RunDirectory(path: path, redo: false)
    try compute(try open(invocation, directory))
  }

  /// A recovery without workers.
  func recover(_ invocation: Invocation, at path: String, keepsResults: Bool = false) throws -> RecoveryReport? {
    let directory = try RunDirectory(path: path, redo: false)
    let pool = try ShardPool(
      .endpoint("ipc://\(folder.at("nobody"))", keys: nil), interruption: .never, logger: directory.logger,
      report: events.report)
    return try Recovery(
      invocation, directory: directory, pool: pool, mayChangeModels: true, keepsResults: keepsResults,
      report: events.report
    ).run()
  }
}
