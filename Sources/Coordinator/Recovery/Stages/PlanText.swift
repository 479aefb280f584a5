import Alignment
import Checkpoints
import Core
import Encodings
package import Planning
import Storage
package import System

/// A plan for people.
package enum PlanText {
  package static func whole(_ plan: Plan, workers: Int, memory: ByteCount) -> String {
    var lines = ["models                \(plan.models.count)"]
    for (model, map) in zip(plan.models, plan.alignment) {
      lines.append("  \(model.id.printable)  \(facts(model, map))")
    }
    let largest = plan.tensors.max { $0.bytes < $1.bytes }
    lines += [
      "tensors to compare    \(plan.tensors.count)"
        + (largest.map { " (largest: '\($0.name.printable)' \($0.shape), \($0.copies.count) models)" } ?? ""),
      "signatures            \(signatures(plan))",
      "shards                \(plan.shards.count) of up to \(ShardGeometry.target) coordinates",
      "to read               \(ByteCount(bytes: plan.bytes)) of \(ByteCount(bytes: plan.storedBytes)), each byte once",
      "memory per worker     \(memory) given, at least \(ByteCount(bytes: plan.minimumWorkerBytes)) needed",
      "memory, coordinator   about \(ByteCount(bytes: plan.coordinatorBytes)) for sums and matrices",
      "rough time            \(time(plan, workers))",
    ]
    for note in plan.notes { lines.append("note: \(note.subject.printable): \(note.text)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Weights, how they are stored, and what of the model is left out.
  private static func facts(_ model: ModelRecord, _ map: AlignmentMap) -> String {
    var facts = [
      "\(model.parameters) weights", model.encodings.map(\.name).joined(separator: "+"),
      "\(ByteCount(bytes: model.bytes))",
    ]
    if !model.checkpoint.format.isEmpty { facts.append(model.checkpoint.format) }
    if !map.dialects.isEmpty { facts.append("dialect \(map.dialects.joined(separator: " + "))") }
    if !model.setAside.isEmpty {
      let scheme = model.unreadScheme.map { " (\($0))" } ?? ""
      facts.append("\(counted(model.setAside.count, "tensor")) left out\(scheme)")
    }
    return facts.joined(separator: ", ")
  }

  /// Groups of models with exactly the same compared tensors.
  private static func signatures(_ plan: Plan) -> Int {
    var own = Array(repeating: [Int](), count: plan.models.count)
    for (index, tensor) in plan.tensors.enumerated() {
      for model in tensor.models { own[model].append(index) }
    }
    return Set(own).count
  }

  private static func time(_ plan: Plan, _ workers: Int) -> String {
    // A plain disk and one core of a plain server: an order of magnitude, not a promise.
    let seconds = plan.seconds(workers: workers, bytesPerSecond: 1e9, pairsPerSecond: 2e10)
    let text =
      seconds < 1
      ? "under a second" : seconds < 100 ? "\(Int(seconds.rounded(.up))) s" : "\(Int((seconds / 60).rounded(.up))) min"
    return "\(text) with \(counted(workers, "worker")), at 1 GB/s from disk and 2e10 pair-coordinates/s per worker"
  }
}
