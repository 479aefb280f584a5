internal import Checkpoints
internal import Coordination
internal import Core
internal import Foundation
internal import Planning
internal import Reports
internal import Storage

extension RunRecord {
  init(_ invocation: Invocation, started: Date) {
    self.init(inputs: invocation.inputs, options: invocation.lineage, started: started.formatted(.iso8601))
  }

  /// What was compared, and what all sessions together read.
  ///
  /// - Parameter resumed: shards that were finished before this session.
  mutating func describe(
    _ plan: Plan, _ totals: (shards: Int, bytesRead: Int, seconds: Double), resumed: Int
  ) {
    models = plan.models[..<plan.collectionCount].map {
      Input(
        id: $0.id, path: $0.path, files: $0.sources.map(\.path), bytes: $0.bytes, sources: $0.sources.map(Source.init))
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
}

extension RunRecord.Source {
  init(_ source: SourceFile) {
    self.init(path: source.path, bytes: source.bytes, modified: source.modified, header: source.header)
  }

  /// As it was when its weights were imported.
  var file: SourceFile { SourceFile(path: path, bytes: bytes, modified: modified, header: header) }
}
