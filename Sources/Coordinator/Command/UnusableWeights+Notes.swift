import Checkpoints
import Core
import Lineage

extension UnusableWeights {
  /// What to tell of the models that were set aside.
  func notes(_ models: [ModelRecord]) -> [Note] {
    findings.sorted { $0.key < $1.key }.map { model, finding in
      Note(
        subject: models[model].id,
        text:
          "set aside: \(finding.count) NaN or infinite weights in \(finding.tensors) tensors, as '\(finding.example)'; it stands alone in the result"
      )
    }
  }
}
