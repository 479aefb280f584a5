import Checkpoints
import Core
import Lineage
import System

extension LeftOutFinding {
  /// What to say of a family of which not all pairs were compared.
  func note(_ models: [ModelRecord]) -> Note {
    let all = PairIndex(members.count).count
    let bound =
      unexcluded.isEmpty
      ? "no pair that was left out can change an edge"
      : "\(counted(unexcluded.count, "edge")) may be others for all that is known of the pairs that were left out: \(unexcluded.count == 1 ? "it is" : "they are") undecided"
    let accuracy =
      error.isFinite
      ? "Fingerprints give the distances of these with a standard deviation of \(fixed(100 * error, 1)) %; taken five deviations nearer"
      : "These are too few to tell how far fingerprints are off; taken as near as can be"
    return Note(
      subject: "the family of \(models[members[0]].id)",
      text:
        "\(members.count) models, of which \(compared) of \(all) pairs were compared weight by weight. \(accuracy), \(bound)"
    )
  }
}
