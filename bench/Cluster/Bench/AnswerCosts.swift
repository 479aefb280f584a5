import Core
import Foundation
import Journal
import Planning
import Scheduling
import System
import Wire

/// What the coordinator does for a shard beside deciding who computes it, done for real and timed: the
/// assignment encoded; the answer looked at, and made durable.
final class AnswerCosts {
  private let plan: Plan
  private let folder: String
  private var journal: Journal
  private var journals = 1
  /// Honest answers, encoded, by the statistics and samples that make their size.
  private var encoded: [String: [UInt8]] = [:]

  private(set) var answers = 0
  private(set) var codecTime = Duration.zero
  private(set) var journalTime = Duration.zero
  private(set) var journalBytes = 0
  private(set) var failure: (any Error)?

  init(_ plan: Plan) throws {
    self.plan = plan
    folder = "\(NSTemporaryDirectory())modeltree-cluster-bench-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    journal = try Journal(path: "\(folder)/1.sqlite")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Takes in the answer to a shard.
  ///
  /// - Parameter largest: bytes that a journal may have before another one is begun.
  func take(_ lease: Lease, largest: Int) {
    do {
      let shard = plan.shards[lease.task.value % plan.shards.count]
      let tensor = plan.tensors[shard.tensor]
      let bytes = answer(to: shard)
      let start = ContinuousClock.now
      _ = CoordinatorMessage.assign(assignment(shard, tensor, lease.attempt)).encoded()
      let schema = plan.schema(of: shard)
      try PartialCodec.check(bytes, as: schema)
      let fault = PartialCodec.impossibility(
        in: bytes, as: schema, coordinates: shard.coordinates.count, columns: tensor.shape.columns)
      if let fault { throw Failure(.unclassified, "the made-up answer is \(fault)") }
      let decoded = ContinuousClock.now
      try journal.record([
        .init(
          shard: ShardID(lease.task.value), attempt: lease.attempt, worker: "node:1", seconds: 1,
          bytesRead: plan.bytes(of: shard),
          partial: bytes)
      ])
      codecTime += decoded - start
      journalTime += ContinuousClock.now - decoded
      answers += 1
      journalBytes += bytes.count
      if journalBytes > journals * largest { try beginAnew() }
    } catch {
      failure = failure ?? error
    }
  }

  private func beginAnew() throws {
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(journals).sqlite\(suffix)")
    }
    journals += 1
    journal = try Journal(path: "\(folder)/\(journals).sqlite")
  }

  private func assignment(_ shard: Shard, _ tensor: PlannedTensor, _ attempt: Int) -> CoordinatorMessage.Assignment {
    .init(
      run: "0123456789abcdef-01234567", shard: shard.id, attempt: attempt, shape: tensor.shape,
      coordinates: shard.coordinates, statistics: tensor.statistics, samples: shard.samples,
      spectrum: shard.spectrum, sketch: tensor.sketch, part: shard.pieces > 1 ? shard.whole : nil,
      sources: [.init(tensor: tensor.name, models: tensor.models)])
  }

  /// Sums as a worker would send them: of the right size, and possible.
  private func answer(to shard: Shard) -> [UInt8] {
    let schema = plan.schema(of: shard)
    let key = "\(schema) \(shard.coordinates.count)"
    if let known = encoded[key] { return known }
    var partial = Partial(schema)
    let count = Double(shard.coordinates.count)
    for pair in partial.l2.indices { partial.l2[pair] = 4e-4 * count * (1 + Double(pair) / 1e6) }
    for model in partial.moments.indices {
      partial.moments[model] = Moments(
        count: count, mean: 0, m2: 4e-4 * count, m3: 0, m4: 5e-7 * count, minimum: -0.1, maximum: 0.1, zeros: 0,
        notFinite: 0)
    }
    let bytes = PartialCodec.encode(partial)
    encoded[key] = bytes
    return bytes
  }
}
