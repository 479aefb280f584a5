internal import Alignment
internal import Checkpoints
internal import Core
internal import Encodings
package import Planning
internal import Storage
package import System

/// What a recovery would read, compute, skip and write: the answer of `modeltree plan`.
package struct PlanAnswer: Encodable {
  struct Model: Encodable {
    var id: String
    var parameters: Int
    var encodings: [String]
    var bytes: Int
    var format: String
    var dialects: [String]
    /// Tensors of the model that are not compared with any other.
    var tensorsLeftOut: Int
    /// The quantization that nothing here reads; nil where there is none.
    var unreadScheme: String?
  }

  struct Tensor: Encodable {
    var name: String
    var shape: String
    var models: Int
  }

  struct Note: Encodable {
    var subject: String
    var text: String
  }

  var models: [Model]
  var tensors: Int
  /// nil where nothing is compared.
  var largestTensor: Tensor?
  /// Groups of models with exactly the same compared tensors.
  var signatures: Int
  var shards: Int
  /// Coordinates of a shard, at most.
  var shardCoordinates: Int
  var bytesToRead: Int
  var bytesStored: Int
  var workers: Int
  var workerBytesGiven: Int
  var workerBytesNeeded: Int
  var coordinatorBytes: Int
  var disk: DiskNeed
  /// An order of magnitude, at the rates below.
  var seconds: Double
  var notes: [Note]

  /// A plain disk and one core of a plain server.
  private static let bytesPerSecond = 1e9
  private static let pairsPerSecond = 2e10

  /// - Parameter stores: the folder that holds the plan's stores.
  package init(_ plan: Plan, stores: String, workers: Int, memory: ByteCount) {
    models = zip(plan.models[..<plan.collectionCount], plan.alignment).map { model, map in
      Model(
        id: model.id, parameters: model.parameters, encodings: model.encodingTitles, bytes: model.bytes,
        format: model.checkpoint.format, dialects: map.dialects, tensorsLeftOut: model.setAside.count,
        unreadScheme: model.unreadScheme)
    }
    tensors = plan.tensors.count
    largestTensor = plan.tensors.max { $0.bytes < $1.bytes }.map {
      Tensor(name: $0.name, shape: "\($0.shape)", models: $0.copies.count)
    }
    signatures = Self.signatures(plan)
    shards = plan.shards.count
    shardCoordinates = ShardGeometry.target
    (bytesToRead, bytesStored) = (plan.bytes, plan.storedBytes)
    self.workers = workers
    workerBytesGiven = memory.bytes
    workerBytesNeeded = plan.minimumWorkerBytes
    coordinatorBytes = plan.coordinatorBytes
    disk = DiskNeed(plan, stores: stores)
    seconds = plan.seconds(
      workers: workers, bytesPerSecond: Self.bytesPerSecond, pairsPerSecond: Self.pairsPerSecond)
    notes = plan.notes.map { Note(subject: $0.subject, text: $0.text) }
    if CollectionSections.areNeeded(plan) {
      notes.append(
        Note(
          subject: "the collection",
          text:
            "is too large for all pairs: recover will compare only models whose fingerprints are alike (in families of very many models each with those that are nearest to it), and read each once more for that; the figures here are those of --pairs all"
        ))
    }
  }

  package var json: String { JSONText.answer(self) }

  package var text: String {
    func size(_ bytes: Int) -> String { "\(ByteCount(bytes: bytes))" }
    let largest = largestTensor.map { " (largest: '\($0.name.printable)' \($0.shape), \($0.models) models)" } ?? ""
    var lines = ["models                \(models.count)"]
    lines += models.map { "  \($0.id.printable)  \($0.facts)" }
    lines += [
      "tensors to compare    \(tensors)\(largest)",
      "signatures            \(signatures)",
      "shards                \(shards) of up to \(shardCoordinates) coordinates",
      "to read               \(size(bytesToRead)) of \(size(bytesStored)), each byte once",
      "memory per worker     \(size(workerBytesGiven)) given, at least \(size(workerBytesNeeded)) needed",
      "memory, coordinator   about \(size(coordinatorBytes)) for sums and matrices",
      "disk, run directory   up to \(size(disk.total)): journal \(size(disk.journal)), its log while the run lasts \(size(disk.log)), results and the rest \(size(disk.results + disk.rest))",
      "rough time            \(time)",
    ]
    lines += notes.map { "note: \($0.subject.printable): \($0.text)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func signatures(_ plan: Plan) -> Int {
    var own = Array(repeating: [Int](), count: plan.models.count)
    for (index, tensor) in plan.tensors.enumerated() {
      for model in tensor.models { own[model].append(index) }
    }
    return Set(own).count
  }

  private var time: String {
    let text =
      seconds < 1
      ? "under a second" : seconds < 100 ? "\(Int(seconds.rounded(.up))) s" : "\(Int((seconds / 60).rounded(.up))) min"
    return "\(text) with \(counted(workers, "worker")), at 1 GB/s from disk and 2e10 pair-coordinates/s per worker"
  }
}

extension PlanAnswer.Model {
  /// Weights, how they are stored, and what of the model is left out.
  fileprivate var facts: String {
    var facts = ["\(parameters) weights", encodings.joined(separator: "+"), "\(ByteCount(bytes: bytes))"]
    if !format.isEmpty { facts.append(format) }
    if !dialects.isEmpty { facts.append("dialect \(dialects.joined(separator: " + "))") }
    if tensorsLeftOut > 0 {
      let scheme = unreadScheme.map { " (\($0))" } ?? ""
      facts.append("\(counted(tensorsLeftOut, "tensor")) left out\(scheme)")
    }
    return facts.joined(separator: ", ")
  }
}
