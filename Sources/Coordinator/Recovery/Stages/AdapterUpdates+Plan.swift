import Checkpoints
import Lineage
import Planning
import Storage
import System

extension AdapterUpdates {
  /// The changes that the adapters of a plan make, read from their files; nil when there are no adapters.
  init?(_ plan: Plan) {
    let counts = plan.models.enumerated().compactMap { number, model in
      model.adapter.map { (number, $0.updates.count) }
    }
    guard !counts.isEmpty else { return nil }
    var targets: [Int: [Int]] = [:]
    for (number, tensor) in plan.tensors.enumerated() {
      for update in tensor.updates { targets[update.model, default: []].append(number) }
    }
    self.init(targets: targets, counts: Dictionary(uniqueKeysWithValues: counts)) { tensor throws(Failure) in
      var updates: [(adapter: Int, update: LowRankUpdate)] = []
      for (adapter, update) in Self.stored(plan, tensor) {
        let change = LowRankUpdate(
          down: try update.down.values(), up: try update.up.values(), rank: update.rank, scale: update.scale,
          isTransposed: update.isTransposed)
        updates.append((adapter, change))
      }
      return updates
    }
  }

  /// Bytes of the factors that are read when every tensor of the plan is compared once.
  static func bytes(_ plan: Plan) -> Int {
    plan.tensors.indices.reduce(0) { sum, tensor in
      stored(plan, tensor).reduce(sum) { $0 + $1.update.bytes }
    }
  }

  private static func stored(_ plan: Plan, _ tensor: Int) -> [(adapter: Int, update: Adapter.Update)] {
    plan.tensors[tensor].updates.compactMap { planned in
      (plan.models[planned.model].adapter?.updates[planned.index]).map { (planned.model, $0) }
    }
  }
}
