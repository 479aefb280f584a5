package import Checkpoints
internal import Coordination
internal import Core
package import Foundation
package import Graph
package import Lineage
internal import Planning
internal import Storage
internal import System

/// `run.json`: what was asked, on what, with which program, and what it took.
package struct RunRecord: Codable, Sendable {
  /// A model as it was read.
  package struct Input: Codable, Sendable {
    package var id: String
    package var path: String
    package var files: [String]
    package var bytes: Int
  }

  package var software = Version.software
  /// ISO 8601.
  package var started: String
  package var host = ProcessInfo.processInfo.hostName
  package var processors = ProcessInfo.processInfo.activeProcessorCount
  package var system = ProcessInfo.processInfo.operatingSystemVersionString
  package var inputs: [String]
  package var options: LineageOptions
  package var models: [Input] = []
  package var notes: [Note] = []
  package var tensors = 0
  package var shards = 0
  /// Shards that were finished before this session.
  package var shardsReused = 0
  package var bytesOfWeights = 0
  package var bytesRead = 0
  /// 1 when every weight was read once.
  package var readRatio = 0.0
  /// Seconds that workers spent on shards, all together.
  package var workerSeconds = 0.0
  /// Processor time of the thread that gives out shards and takes in their sums.
  package var servingSeconds = 0.0
  package var secondsByPhase: [String: Double] = [:]
  /// Processor time of this process alone, without the workers'.
  package var processorSecondsByPhase: [String: Double] = [:]
  package var seconds = 0.0
  /// Workers whose sums two others contradicted; only with --verify.
  package var disputes: [String] = []
  package var evaluation: Evaluation?

  package init(_ invocation: Invocation, started: Date = Date()) {
    inputs = invocation.inputs
    options = invocation.lineage
    self.started = started.formatted(.iso8601)
  }

  /// What was compared, and what all sessions together read.
  ///
  /// - Parameter resumed: shards that were finished before this session.
  mutating func describe(
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

  /// What this session took.
  mutating func describe(_ computed: ShardWork.Report, _ times: PhaseTimes) {
    disputes = computed.disputes
    servingSeconds = computed.servingSeconds
    secondsByPhase = times.seconds
    processorSecondsByPhase = times.processorSeconds
  }

  /// Factors of adapters, read beside the weights.
  mutating func addRead(adapterBytes bytes: Int) {
    bytesOfWeights += bytes
    bytesRead += bytes
  }

  /// As `run.json` holds it.
  package var json: String { JSONText.of(self, style: [.pretty, .snakeCase]) + "\n" }
}
