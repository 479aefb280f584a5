internal import Core
internal import Graph
internal import Lineage
internal import System

/// Another model in the place of a model's parent: what speaks against it.
package struct WhyInstead: Encodable {
  package enum Standing: String, Encodable {
    /// It is the parent.
    case parent
    /// Of the same family, and not below the child.
    case possible
    /// Of the same family, below the child: the order would have to be the reverse.
    case descendant
    /// Compared, and no trace of common weights.
    case unrelated
    /// Nothing of the two was compared.
    case notCompared = "not_compared"
  }

  package var id: String
  package var standing: Standing
  /// |x - y|^2 / (|x|^2 + |y|^2): 0 for copies, about 1 for strangers.
  package var relatedness: Double?
  /// Of what they have in common, had they been initialized independently.
  package var probability: Double?
  /// true where the two were not compared since their fingerprints are not alike, else nil.
  package var leftApart: Bool?
  /// true where the two were not compared since their widths differ, else nil.
  package var otherWidths: Bool?
  /// true where the two were not compared since others are nearer to both by their fingerprints, else nil.
  package var leftOut: Bool?
  /// Tensors that were compared.
  package var sharedTensors: Int
  /// How much more the best tree with it as the parent costs; nil where there is none, and for copies and adapters,
  /// which take no part in the search.
  package var extraCost: Double?

  /// - Parameters:
  ///   - other: the model that is asked for.
  ///   - cost: as the search saw it.
  init(
    _ run: FinishedRun, _ outline: Outline, child: Int, other: Int, members: [Int], cost: BlockMatrix
  ) throws(Failure) {
    id = run.graph.nodes[other].id
    let ratio = try run.row("/relatedness", child)[other]
    relatedness = ratio.isFinite ? ratio : nil
    // Earlier runs did not keep it.
    let chance = (try? run.row("/relatedness_p", child))?[other]
    probability = chance?.isFinite == true ? chance : nil
    otherWidths = run.areOfOtherWidths(other, child) ? true : nil
    leftApart = otherWidths == nil && run.areApart(other, child) ? true : nil
    leftOut = run.areLeftOut(other, child) ? true : nil
    sharedTensors = try run.tensorDistances(other, child).count { !$0.isNaN }
    if outline.parent[child] == other {
      standing = .parent
    } else if members.contains(other) {
      standing = outline.ancestry(of: other).contains(child) ? .descendant : .possible
    } else {
      standing = ratio.isFinite ? .unrelated : .notCompared
    }
    // Of a neighborhood, the tree leads beyond it.
    guard standing == .possible || standing == .descendant, run.neighborhood(child) == nil else { return }
    extraCost = Self.extraCost(outline, child, other, members, cost)
  }

  /// The best tree that has the edge, against the one that was found.
  private static func extraCost(
    _ outline: Outline, _ child: Int, _ other: Int, _ members: [Int], _ cost: BlockMatrix
  ) -> Double? {
    let distinct = members.filter {
      outline.graph.nodes[$0].model?.duplicateOf == nil && outline.edge(to: $0)?.relation.kind != .adapter
    }
    guard let place = distinct.firstIndex(of: child), let above = distinct.firstIndex(of: other) else { return nil }
    let part = cost.submatrix(distinct)
    let now = distinct.indices.reduce(0.0) { sum, node in
      let parent = outline.parent[distinct[node]].flatMap { distinct.firstIndex(of: $0) }
      return sum + (parent.map { part[$0, node] } ?? 0)
    }
    // Both ends of the edge as one node: it is entered where the parent is, and left from either.
    let kept = distinct.indices.filter { $0 != place }
    var joined = SquareMatrix(kept.count, filledWith: .nan)
    for (row, source) in kept.enumerated() {
      for (column, target) in kept.enumerated() where source != target {
        let ways = (source == above ? [source, place] : [source]).map { part[$0, target] }.filter(\.isFinite)
        joined[row, column] = ways.min() ?? .nan
      }
    }
    let found = Arborescence.parents(joined)
    guard found.count(where: { $0 == nil }) == 1 else { return nil }
    let total = found.enumerated().reduce(part[above, place]) { sum, edge in
      sum + (edge.element.map { joined[$0, edge.offset] } ?? 0)
    }
    return total.isFinite ? total - now : nil
  }

  func text(_ child: String) -> [String] {
    let (name, child) = (id.printable, child.printable)
    let chance = probability.map { ", probability \(AnswerText.probability($0)) if they were unrelated" } ?? ""
    guard leftOut == nil || standing == .parent else {
      return [
        "\(name) was not compared with \(child) weight by weight: others are nearer to both by their fingerprints."
      ]
    }
    switch standing {
    case .parent: return ["\(name) is the parent of \(child): nothing speaks for another one more."]
    case .unrelated:
      let ratio = relatedness.map(AnswerText.number) ?? "-"
      return [
        "Not \(name): it is not related to \(child). They differ as independently initialized networks do",
        "(ratio \(ratio), strangers 1\(chance); \(counted(sharedTensors, "tensor")) compared).",
      ]
    case .notCompared:
      guard leftApart == nil else {
        return ["\(name) was not compared with \(child) weight by weight: their fingerprints are not alike."]
      }
      guard otherWidths == nil else { return ["\(name) and \(child) were not compared (their widths differ)."] }
      return ["\(name) was not compared with \(child): they have no tensor in common, so the weights say nothing."]
    case .possible, .descendant:
      var lines: [String] = []
      if standing == .descendant {
        lines.append("\(name) descends from \(child) in this tree: the order is what decides.")
      }
      if let extraCost {
        lines.append(
          extraCost >= 0
            ? "The best tree with \(name) as the parent of \(child) costs \(AnswerText.number(extraCost)) more."
            : "The best tree with \(name) as the parent of \(child) would cost \(AnswerText.number(-extraCost)) less: the shape of the tree decided (docs/method.md)."
        )
      } else {
        lines.append(
          "\(name) cannot be the parent of \(child) in any tree of this family (copies and adapters have no children: their originals and bases stand for them)."
        )
      }
      return lines
    }
  }
}
