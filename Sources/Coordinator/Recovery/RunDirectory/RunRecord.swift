import Checkpoints
import Core
import Foundation
import Journal
import Graph
import Lineage
import Planning
import Storage
import System

/// `run.json`: what was asked, on what, with which program, and what it took.
struct RunRecord: Codable {
  struct Input: Codable {
    var id: String
    var path: String
    var files: [String]
    var bytes: Int
  }

  var software = Version.software
  var started = Date().formatted(.iso8601)
  var host = ProcessInfo.processInfo.hostName
  var processors = ProcessInfo.processInfo.activeProcessorCount
  var system = ProcessInfo.processInfo.operatingSystemVersionString
  var inputs: [String]
  var options: LineageOptions
  var models: [Input] = []
  var notes: [Note] = []
  var tensors = 0
  var shards = 0
  /// Shards that were finished before this session.
  var shardsReused = 0
  var bytesOfWeights = 0
  var bytesRead = 0
  /// 1 when every weight was read once.
  var readRatio = 0.0
  /// Seconds that workers spent on shards, all together.
  var workerSeconds = 0.0
  /// Processor time of the thread that gives out shards and takes in their sums.
  var servingSeconds = 0.0
  var secondsByPhase: [String: Double] = [:]
  /// Processor time of this process alone, without the workers'.
  var processorSecondsByPhase: [String: Double] = [:]
  var seconds = 0.0
  /// Workers whose sums two others contradicted; only with --verify.
  var disputes: [String] = []
  var evaluation: Evaluation?

  init(_ invocation: Invocation) {
    inputs = invocation.inputs
    options = invocation.lineage
  }

  /// Runs a phase and keeps its wall time and its processor time.
  mutating func time<T, E: Error>(_ phase: String, _ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    let ticks = clock()
    defer {
      secondsByPhase[phase, default: 0] += (ContinuousClock.now - start) / .seconds(1)
      processorSecondsByPhase[phase, default: 0] += Double(clock() - ticks) / Double(CLOCKS_PER_SEC)
    }
    return try body()
  }

  mutating func count(
    _ plan: Plan, _ totals: (shards: Int, bytesRead: Int, seconds: Double), resumed: Int
  ) {
    models = plan.models.map {
      Input(id: $0.id, path: $0.path, files: $0.sources.map(\.path), bytes: $0.bytes)
    }
    tensors = plan.tensors.count
    shards = plan.shards.count
    shardsReused = resumed
    bytesOfWeights = plan.bytes
    bytesRead = totals.bytesRead
    readRatio = plan.bytes > 0 ? Double(totals.bytesRead) / Double(plan.bytes) : 1
    workerSeconds = totals.seconds
  }

  /// Factors of adapters, read beside the weights.
  mutating func count(adapterBytes bytes: Int) {
    bytesOfWeights += bytes
    bytesRead += bytes
  }

  mutating func finish(_ evaluation: Evaluation?, seconds: Double) {
    self.evaluation = evaluation
    self.seconds = seconds
  }
}
