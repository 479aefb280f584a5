internal import Core
internal import Graph

/// Puts models whose linear maps cannot be compared below the ones that most of their other tensors are equal to, bit for
/// bit: quantized copies in an encoding that is not read, children whose maps have other names.
package struct CopyAttachment: Sendable {
  private let problem: LineageProblem

  /// What is said of the order where no encoding tells it.
  private static let likelyOrder = 0.8

  /// Ratio of `Relatedness` from which on linear maps are those of strangers.
  private static let strangers = 0.9

  package init(_ problem: LineageProblem) { self.problem = problem }

  package func run(_ lineage: Lineage, _ copies: QuantizedCopies, _ scope: Scope) -> Lineage {
    var whole = lineage
    let n = lineage.parents.count
    let left = (0..<n).filter { model in
      !problem.adapters.contains(model) && lineage.duplicateOf[model] == nil && lineage.parents[model] == nil
        && (0..<n).allSatisfy { $0 == model || lineage.families[$0] != lineage.families[model] }
    }
    for model in left {
      let others = (0..<n).filter { other in
        other != model && !problem.isForbidden(other, model) && copies.provesKinship(other, model)
          && !areApart(other, model, lineage, scope)
          // Of two that are both left, the later one comes below the first.
          && (!left.contains(other) || other < model)
      }
      let equal = others.map { copies.identicalTensors($0, model) }
      guard let most = equal.max(), let parent = zip(others, equal).first(where: { $0.1 == most })?.0 else { continue }
      let isQuantized = problem.unread[model] != nil
      whole.adopt(
        model, under: parent, isQuantized ? .quantized : .finetune, support: 1 / Double(equal.count { $0 == most }),
        direction: isQuantized ? 1 : Self.likelyOrder)
    }
    whole.families = Families.numbered(whole.families)
    return whole
  }

  /// Do the linear maps of two models speak against what the other tensors say? Equal vectors may be constants of an
  /// architecture, and equal maps a part that both took from a third model. Of models with weights that are not read, the
  /// few maps that are may be those that were trained.
  private func areApart(_ i: Int, _ j: Int, _ lineage: Lineage, _ scope: Scope) -> Bool {
    guard scope.sharesLinear(i, j) else { return false }
    return [i, j].allSatisfy { problem.unread[$0] == nil } || lineage.relatedness[i, j] > Self.strangers
  }
}

extension Lineage {
  fileprivate mutating func adopt(
    _ model: Int, under parent: Int, _ relation: Relation, support: Double, direction: Double
  ) {
    families[model] = families[parent]
    parents[model] = parent
    relations[model] = relation
    self.support[model] = support
    directionSupport[model] = direction
    // Of what can be compared.
    if distances[parent, model].isNaN { distances.setBoth(parent, model, 0) }
  }
}
