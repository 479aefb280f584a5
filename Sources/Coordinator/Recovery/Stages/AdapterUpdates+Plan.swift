import Checkpoints
import Lineage
import Planning
import Storage
import System

extension AdapterUpdates {
  /// The changes that the adapters of a plan make, read from their files; nil when there are no adapters.
  init?(_ plan: Plan) {
    var found = Array(repeating: 0, count: plan.models.count)
    for tensor in plan.tensors { for update in tensor.updates { found[update.model] += 1 } }
    let counts: [(Int, Int)] = plan.models.enumerated().compactMap { number, model in
      guard let adapter = model.adapter, !adapter.isWithoutBase else { return nil }
      // Some change what no model here has, such as a text encoder that was not published with the denoiser.
      return (number, 2 * found[number] >= adapter.updates.count ? found[number] : adapter.updates.count)
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
