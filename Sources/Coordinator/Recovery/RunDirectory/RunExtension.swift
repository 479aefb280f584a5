package import Core
import Foundation
package import Journal
package import Planning
package import System
import Wire

/// Gives a run directory other models than it had: what can be kept is kept, to the bit.
package enum RunExtension {
  /// What was found.
  package struct Outcome {
    package var shardsKept = 0
    /// Weights that are not read again, in bytes.
    package var bytesSaved = 0
    package var added = 0
    package var removed = 0
  }

  /// - Parameter notes: a model that is missing because it is broken was not removed by the user.
  /// - Returns: false when it is another run: other options, a model that has changed, or no model in common.
  package static func isPossible(from known: RunIdentity, to identity: RunIdentity, notes: [Note]) -> Bool {
    let (old, new) = (known.models, identity.models)
    let common = Set(old.keys).intersection(new.keys)
    let broken = notes.map { RunIdentity.part(of: $0.subject) }.contains { new[$0] == nil && old[$0] != nil }
    return known.rules == identity.rules && !broken && !common.isEmpty
      && common.allSatisfy { old[$0] == new[$0] }
  }

  /// Rewrites the journal for the new plan, all or nothing.
  package static func carryOver(
    _ journal: Journal, from known: RunIdentity, to identity: RunIdentity, _ plan: Plan,
    settings: [String: String]
  ) throws(Failure) -> Outcome {
    var outcome = Outcome()
    outcome.added = Set(identity.models.keys).subtracting(known.models.keys).count
    outcome.removed = Set(known.models.keys).subtracting(identity.models.keys).count
    let done = try journal.finishedShards()
    var reuses: [ShardID: PlanOutline.Reuse] = [:]
    if let text = try journal.setting(setting) {
      let outline = try PlanOutline(json: text, from: journal.path)
      for reuse in outline.reuses(for: plan) where done.contains(reuse.old) { reuses[reuse.shard] = reuse }
    }
    for id in reuses.keys {
      let shard = plan.shards[id.value]
      outcome.shardsKept += 1
      outcome.bytesSaved += shard.coordinates.count * plan.tensors[shard.tensor].bytesPerCoordinate
    }
    try journal.succeed(
      keeping: reuses.values.sorted { $0.shard < $1.shard }.map { ($0.shard, $0.old) }, settings: settings
    ) { id, bytes throws(Failure) in
      guard let reuse = reuses[id] else { return bytes }
      do {
        let old = try PartialCodec.decode(bytes, as: reuse.held)
        return PartialCodec.encode(old.selecting(reuse.places, samples: reuse.samples))
      } catch {
        throw .badInput(
          "the journal's entry for shard \(reuse.old) is damaged: \(error)",
          advice: "start over with --redo")
      }
    }
    return outcome
  }

  /// Where the journal keeps the outline of its plan.
  package static let setting = "plan"
}
