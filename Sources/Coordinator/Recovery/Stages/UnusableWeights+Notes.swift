import Checkpoints
import Core
import Lineage
import System

extension UnusableWeights {
  /// What to report about tensors that were left out.
  func notes(_ models: [ModelRecord]) -> [Note] {
    let alone = self.models
    return findings.sorted { $0.key < $1.key }.map { model, finding in
      let weights = "\(finding.count) NaN or infinite \(finding.count == 1 ? "weight" : "weights")"
      let place = "\(counted(finding.tensors, "tensor")), such as '\(finding.example.printable)'"
      return Note(
        subject: models[model].id,
        text: alone.contains(model)
          ? "skipped: \(weights) in \(place); no other tensor is left, and it stands alone in the result"
          : "\(weights) in \(place): \(finding.tensors == 1 ? "this tensor is" : "these tensors are") left out of the comparison"
      )
    }
  }
}
