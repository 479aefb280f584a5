import Hints
import Checkpoints
import Lineage
import Planning

extension LineageProblem {
  /// What a plan and the user's hints say of its models.
  init(_ plan: Plan, options: LineageOptions, hints: Hints? = nil) {
    let models = plan.models
    self.init(
      rounding: models.map(\.rounding), options: options,
      adapters: Set(models.indices.filter { models[$0].adapter != nil }),
      isForbidden: { Self.isForbidden(models[$0], models[$1], hints) },
      haveSameSignature: { models[$0].hasSameSignature(as: models[$1]) })
  }

  /// Do the layers of two models or the hints rule out that one descends from the other?
  static func isForbidden(_ parent: ModelRecord, _ child: ModelRecord, _ hints: Hints?) -> Bool {
    !child.mayDescend(from: parent) || hints?.forbids(parent: parent.id, child: child.id) == true
  }
}
