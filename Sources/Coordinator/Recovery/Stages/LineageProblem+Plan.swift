import Alignment
import Checkpoints
import Hints
import Lineage
import Planning

extension LineageProblem {
  /// What a plan and the user's hints say of its models.
  init(_ plan: Plan, options: LineageOptions, hints: Hints? = nil) {
    let models = plan.models
    let forms = ModelForms(plan)
    self.init(
      rounding: models.map(\.rounding), options: options,
      adapters: Set(models.indices.filter { models[$0].adapter.map { !$0.isWithoutBase } ?? false }),
      tokens: plan.tokens,
      isForbidden: { Self.isForbidden($0, $1, plan, hints) },
      haveSameSignature: { forms.haveSameTensors($0, $1) })
    noise = { forms.noise(tensor: $0, model: $1) }
    partial = forms.partial
    factors = Set(models.indices.filter { models[$0].adapter?.isWithoutBase ?? false })
    form = { forms.difference($0, $1) }
    upcycled = Set(models.indices.filter { !plan.alignment[$0].denseOrigins.isEmpty })
    for (number, model) in models.enumerated() { unread[number] = model.unreadScheme }
  }

  /// Do the layers of two models or the hints rule out that one descends from the other?
  static func isForbidden(_ parent: Int, _ child: Int, _ plan: Plan, _ hints: Hints?) -> Bool {
    !plan.mayDescend(child, from: parent)
      || hints?.forbids(parent: plan.models[parent].id, child: plan.models[child].id) == true
  }
}
