import Checkpoints
import Core
import Lineage
import System

extension AdapterVerdict {
  /// What to say of an adapter whose base is not in the collection; nil for all others.
  func note(_ models: [ModelRecord]) -> Note? {
    // The plan has said of the incomparable ones that no model has their weights.
    guard base == nil, let absence, absence != .incomparable else { return nil }
    let why =
      absence == .untrained
      ? "is an adapter that changes nothing (its factors B are 0), so that it fits every model"
      : "is an adapter, and the weights of no model here fit it (support \(fixed(support, 2)))"
    return Note(subject: models[adapter].id, text: "\(why); it stands alone in the result")
  }
}
