import Core
import Import

/// Models whose weights hold NaN or infinities: found while they were compared.
enum BrokenWeights {
  static func find(_ tensors: [TensorSums], models: [ModelRecord]) -> (models: [Int], notes: [Note]) {
    var worst: [Int: (count: UInt64, tensors: Int, example: String)] = [:]
    for tensor in tensors {
      for (position, model) in tensor.models.enumerated() {
        let count = tensor.sums.moments[position].notFinite
        guard count > 0 else { continue }
        var entry = worst[model] ?? (0, 0, tensor.name)
        entry.count += count
        entry.tensors += 1
        worst[model] = entry
      }
    }
    let found = worst.sorted { $0.key < $1.key }
    let notes = found.map { model, entry in
      Note(
        subject: models[model].id,
        text: "set aside: \(entry.count) NaN or infinite weights in \(entry.tensors) tensors, as '\(entry.example)'; it stands alone in the result")
    }
    return (found.map(\.key), notes)
  }
}
