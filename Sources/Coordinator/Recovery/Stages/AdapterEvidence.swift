import Checkpoints
import Core
import Lineage
import Planning
import Storage
import System

/// Reads the factors of adapters, each once, beside the gathered sums of the weights that they change.
struct AdapterEvidence {
  private let plan: Plan
  private var bases: AdapterBases
  private var tensor = 0
  private(set) var bytesRead = 0

  init(_ plan: Plan, metric: DistanceMetric) {
    self.plan = plan
    var targets: [Int: [Int]] = [:]
    for (number, tensor) in plan.tensors.enumerated() {
      for update in tensor.updates { targets[update.model, default: []].append(number) }
    }
    let updates = plan.models.enumerated().compactMap { number, model in
      model.adapter.map { (number, $0.updates.count) }
    }
    bases = AdapterBases(
      models: plan.models.count, metric: metric, targets: targets,
      updates: Dictionary(uniqueKeysWithValues: updates))
  }

  /// Adds the next tensor of the plan.
  mutating func add(_ sums: TensorSums) throws(Failure) {
    defer { tensor += 1 }
    guard !bases.isEmpty else { return }
    var updates: [(adapter: Int, update: LowRankUpdate)] = []
    for planned in plan.tensors[tensor].updates {
      guard let update = plan.models[planned.model].adapter?.updates[planned.index] else { continue }
      let change = LowRankUpdate(
        down: try update.down.values(), up: try update.up.values(), rank: update.rank,
        scale: update.scale, isTransposed: update.isTransposed)
      bytesRead += update.bytes
      updates.append((planned.model, change))
    }
    bases.add(sums, updates: updates)
  }

  /// Hangs the adapters into the tree.
  ///
  /// - Returns: what to say of those whose base is not there.
  func adopt(into lineage: inout Lineage, isForbidden: (Int, Int) -> Bool) -> [Note] {
    let copies = lineage.duplicateOf.indices.filter { lineage.duplicateOf[$0] != nil }
    let verdicts = bases.verdicts(
      families: lineage.families, relations: lineage.relations,
      excluded: Set(copies).union(lineage.unusable.findings.keys), isForbidden: isForbidden)
    lineage.adopt(verdicts)
    return verdicts.filter { $0.base == nil }.map {
      Note(
        subject: plan.models[$0.adapter].id,
        text:
          "is an adapter, and the weights of no model here fit it (support \(fixed($0.support, 2))); it stands alone in the result"
      )
    }
  }
}
