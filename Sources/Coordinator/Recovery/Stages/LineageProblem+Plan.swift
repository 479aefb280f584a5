import Alignment
import Checkpoints
import Core
import Gauge
import Hints
import Lineage
import Planning
import Storage

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
      haveSameSignature: { forms.haveSameTensors($0, $1) && !Self.areOtherAdapters(models[$0], models[$1]) })
    noise = { forms.noise(tensor: $0, model: $1) }
    partial = forms.partial
    overlap = NetworkOverlap(plan)
    for (number, model) in models.enumerated() {
      guard let restoration = model.restored?.restoration else { continue }
      tolerances[number] = RestoredTolerance.relative(rounding: model.rounding)
      if restoration.isByArithmetic { restored.insert(number) }
    }
    findsAncestors = !models.contains { $0.viewed != nil }
    layers = { Self.layers(plan.alignment[$0], plan.alignment[$1]) }
    factors = Set(models.indices.filter { models[$0].adapter?.isWithoutBase ?? false })
    form = { forms.difference($0, $1) }
    upcycled = Set(models.indices.filter { !plan.alignment[$0].denseOrigins.isEmpty })
    for (number, model) in models.enumerated() { unread[number] = model.unreadScheme }
  }

  /// Are these adapters without a base whose changes differ? A multiple of a model is a copy of it, a multiple of a change
  /// is a later state of its training.
  private static func areOtherAdapters(_ one: ModelRecord, _ other: ModelRecord) -> Bool {
    guard let ours = one.adapter, let theirs = other.adapter, ours.isWithoutBase else { return false }
    return zip(ours.updates, theirs.updates).contains { own, update in
      let count = min(own.up.shape.elements, update.up.shape.elements, 64)
      guard let first = try? own.up.values(from: 0, count: count),
        let second = try? update.up.values(from: 0, count: count)
      else { return true }
      return first != second || own.scale != update.scale
    }
  }

  /// A child has no layer that its parent has not, but for those that come again.
  private static func layers(_ parent: AlignmentMap, _ child: AlignmentMap) -> LayerChange {
    guard !parent.layers.isEmpty, !child.layers.isEmpty else { return .none }
    let (before, after) = (Set(parent.layers.map(\.canonical)), Set(child.layers.map(\.canonical)))
    if !after.isSubset(of: before) { return .added }
    return after == before ? .none : .removed
  }

  /// Do the layers of two models or the hints rule out that one descends from the other?
  static func isForbidden(_ parent: Int, _ child: Int, _ plan: Plan, _ hints: Hints?) -> Bool {
    func id(_ model: Int) -> String { plan.models[model].viewed ?? plan.models[model].id }
    // Where wider models come from is found out by all that they have.
    return !plan.mayDescend(child, from: parent)
      || plan.models[child].viewed != nil && plan.models[parent].viewed == nil
      || hints?.forbids(parent: id(parent), child: id(child)) == true
  }
}
