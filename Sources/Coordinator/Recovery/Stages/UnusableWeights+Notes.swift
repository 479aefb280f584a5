import Checkpoints
import Core
import Lineage
import System

extension UnusableWeights {
  /// What to report about the models that were skipped.
  func notes(_ models: [ModelRecord]) -> [Note] {
    findings.sorted { $0.key < $1.key }.map { model, finding in
      Note(
        subject: models[model].id,
        text:
          "skipped: \(finding.count) NaN or infinite \(finding.count == 1 ? "weight" : "weights") in \(counted(finding.tensors, "tensor")), such as '\(finding.example)'; it stands alone in the result"
      )
    }
  }
}
