import Checkpoints
import Core
import Lineage
import System

extension AdapterVerdict {
  /// What to say of an adapter whose base is not in the collection; nil for all others.
  func note(_ models: [ModelRecord]) -> Note? {
    guard base == nil else { return nil }
    return Note(
      subject: models[adapter].id,
      text:
        "is an adapter, and the weights of no model here fit it (support \(fixed(support, 2))); it stands alone in the result"
    )
  }
}
