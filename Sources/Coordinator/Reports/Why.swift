internal import Core
internal import Foundation
package import Graph
internal import Lineage
package import System

/// Why a model is where it is in the tree: its parent against the runner-up, number by number, and what
/// would have to be different for the runner-up to win.
package struct Why: Encodable {
  /// A model as the possible parent of the child.
  package struct Candidate: Encodable {
    package var id: String
    package var distance: Double
    /// Place among the child's relatives, the nearest first.
    package var nearness: Int
    /// Evidence that this model came before the child; nats for the stage `auto`.
    package var evidence: Double
    /// What the tree pays for going against the evidence.
    package var penalty: Double
    package var cost: Double
    /// |x - y|^2 / (|x|^2 + |y|^2): about 1 for strangers.
    package var relatedness: Double
    /// Probability of so much in common between networks that were initialized independently.
    package var probability: Double?
    package var score: Double?
    /// Mean over the linear maps.
    package var kurtosis: Double
    /// Linear maps in which this model is nearer to the child than the other candidate.
    package var nearerTensors: Int
  }

  /// The best tree in which the edge is not; for a root the best one with another root near it.
  package struct Without: Encodable {
    /// Of the child there; nil: it would be a root.
    package var parent: String?
    package var root: String
    /// How much more that tree costs; negative where the prior of shapes or a merge decided.
    package var extraCost: Double
  }

  package var child: String
  package var family: Int
  package var relatives: Int
  /// Other models that its relatedness was measured to.
  package var comparedModels: Int
  /// Other models of the run.
  package var otherModels: Int
  /// Were only models compared whose fingerprints are alike? nil: all were.
  package var isSectioned: Bool?
  /// Other models that it was not compared with since their widths differ; nil: none.
  package var otherWidths: Int?
  /// Models of its family that it was compared with, the nearest by fingerprint; nil: all of them.
  package var comparedRelatives: Int?
  /// A model that it was not compared with, and that may be nearer than its parent as far as fingerprints tell.
  package var leftOut: String?
  /// true where it was not compared with its parent: their trees are related through others, else nil.
  package var isParentLeftOut: Bool?
  package var relation: String?
  /// What was undone to compare it with its parent.
  package var transform: [String]
  /// How it was brought into the coordinates of another model before anything was compared.
  package var alignment: AlignmentFacts?
  /// Which of its relatives' layers its own are, and those of its parent; nil where all have as many.
  package var layers: [String]?
  package var parentLayers: [String]?
  /// How its weights are stored, most of them first.
  package var encodings: [String]
  /// Tensors that it shares with its parent, and those of them that are equal bit for bit.
  package var sharedTensors: Int
  package var equalTensors: Int
  package var rank: Int?
  package var duplicateOf: String?
  package var score: Double?
  package var kurtosis: Double
  package var tensors: Int
  package var support: Double?
  package var directionSupport: Double?
  package var undecided: Bool
  /// nil for roots.
  package var grade: Grade?
  /// What may be so instead, where the edge is not firm: the id of another parent, or "the reverse".
  package var alternative: String?
  /// What its uploader says it was made from, and whether the weights agree (agrees, ancestor, contradicts).
  package var declaredBase: String?
  package var hint: Agreement?
  /// nil: the model is a root.
  package var parent: Candidate?
  /// The cheapest other parent that does not descend from the child.
  package var runnerUp: Candidate?
  /// The model that was asked for in place of the parent; then it is the runner-up, if it could be one.
  package var instead: WhyInstead?
  package var without: Without?
  /// The most that going against the direction can cost: lambda times the family's mean distance.
  package var largestPenalty: Double
  /// Distance to the parent at which the runner-up would cost as much, all else being equal.
  package var distanceToLose: Double?
  /// Evidence for the parent at which the runner-up would cost as much; nil where no evidence could do that.
  package var evidenceToLose: Double?

  /// - Parameter instead: a model to hold against the parent in place of the runner-up.
  package init(_ run: FinishedRun, child: Int, instead: Int? = nil) throws(Failure) {
    let outline = Outline(run.graph)
    let node = run.graph.nodes[child]
    let (distances, cost) = (try run.distances(), try run.costs())
    let members = run.graph.nodes.indices.filter { run.graph.nodes[$0].family == node.family }
    let link = outline.edge(to: child)
    self.child = node.id
    family = node.family
    relatives = members.count - 1
    let relatedness = try run.row("/relatedness", child)
    comparedModels = relatedness.indices.count { $0 != child && relatedness[$0].isFinite }
    isSectioned = run.isSectioned ? true : nil
    let apartByWidth = run.graph.nodes.indices.count { run.areOfOtherWidths(child, $0) }
    otherWidths = apartByWidth > 0 ? apartByWidth : nil
    relation = link?.relation.name
    transform = (link?.transforms ?? []).map(\.rawValue)
    alignment = node.model?.alignment
    layers = node.model?.layers
    parentLayers = link.flatMap { run.graph.nodes[$0.source].model?.layers }
    encodings = node.model?.encodings ?? []
    rank = link?.relation.rank
    duplicateOf = node.model?.duplicateOf.map { run.graph.nodes[$0].id }
    score = node.model?.score
    support = link?.support
    directionSupport = link?.directionSupport
    undecided = link?.isUndecided ?? false
    grade = link?.grade
    alternative = link.flatMap { $0.grade == .firm ? nil : AnswerText.alternative($0, run.graph) }
    declaredBase = node.model?.declaration?.base
    hint = node.model?.declaration?.agreement
    otherModels = run.graph.nodes.count { !$0.isInferred } - 1

    let neighborhood = run.neighborhood(child)
    comparedRelatives = neighborhood.map { _ in members.count { $0 != child && relatedness[$0].isFinite } }
    isParentLeftOut = link.flatMap { run.areLeftOut($0.source, child) ? true : nil }
    leftOut = link?.leftOut.map { run.graph.nodes[$0].id }
    let solved = neighborhood.map { near in members.filter { near.contains($0) } } ?? members
    let pricing = Self.pricing(run, outline, distances, solved)
    largestPenalty = pricing.largestPenalty
    let candidates = try WhyCandidates(run, child: child, members, distances, cost, relatedness)
    kurtosis = try candidates.meanKurtosis(of: child)
    tensors = candidates.linearMaps

    let parentNode = outline.parent[child]
    self.instead = try instead.map { other throws(Failure) in
      try WhyInstead(run, outline, child: child, other: other, members: members, cost: cost)
    }
    let runnerUpNode =
      switch self.instead?.standing {
      case nil, .parent: Alternatives(outline, cost: cost).nextBest[child]?.node
      // A copy has no costs: its original stands for it.
      case .possible: instead.flatMap { cost[$0, child].isFinite ? $0 : nil }
      case .descendant, .unrelated, .notCompared: Int?.none
      }
    let shared = try parentNode.map { parent throws(Failure) in
      try run.tensorDistances(parent, child).filter { !$0.isNaN }
    }
    sharedTensors = shared?.count ?? 0
    equalTensors = shared?.count { $0 == 0 } ?? 0
    parent = try candidates.candidate(parentNode, against: runnerUpNode)
    runnerUp = try candidates.candidate(runnerUpNode, against: parentNode)
    // Of a neighborhood, the tree leads beyond it.
    without = neighborhood == nil ? Self.without(parentNode, child, members, cost, outline) : nil
    if let parent, let runnerUp, duplicateOf == nil {
      distanceToLose = parent.distance + runnerUp.cost - parent.cost
      let now = pricing.edge(distance: 0, evidence: parent.evidence)
      evidenceToLose = pricing.evidence(costing: now + runnerUp.cost - parent.cost)
    }
  }

  private static func without(
    _ parent: Int?, _ child: Int, _ members: [Int], _ cost: BlockMatrix, _ outline: Outline
  ) -> Without? {
    // Copies hang below their first and take no part in the search.
    let distinct = members.filter { outline.graph.nodes[$0].model?.duplicateOf == nil }
    guard let place = distinct.firstIndex(of: child) else { return nil }
    let part = cost.submatrix(distinct)
    let now = distinct.reduce(0.0) { sum, node in sum + (outline.parent[node].map { cost[$0, node] } ?? 0) }
    func tree(_ changed: SquareMatrix) -> Without? {
      let found = Arborescence.parents(changed)
      let roots = found.indices.filter { found[$0] == nil }
      guard roots.count == 1 else { return nil }
      let total = found.enumerated().reduce(0.0) { sum, edge in
        sum + (edge.element.map { part[$0, edge.offset] } ?? 0)
      }
      return Without(
        parent: found[place].map { outline.graph.nodes[distinct[$0]].id },
        root: outline.graph.nodes[distinct[roots[0]]].id, extraCost: total - now)
    }
    if let parent {
      guard let above = distinct.firstIndex(of: parent) else { return nil }
      var changed = part
      changed[above, place] = .nan
      return tree(changed)
    }
    let below = outline.children[child] + outline.children[child].flatMap { outline.children[$0] }
    let others = below.compactMap { distinct.firstIndex(of: $0) }.prefix(TreeSearch.tries)
    return others.compactMap { root in
      var changed = part
      for source in distinct.indices { changed[source, root] = .nan }
      return tree(changed)
    }.min { $0.extraCost < $1.extraCost }
  }

  /// What the edges of the child's family cost, as the solver saw it.
  private static func pricing(
    _ run: FinishedRun, _ outline: Outline, _ distances: BlockMatrix, _ members: [Int]
  ) -> Cost {
    let options = run.report.description.options
    // Adapters joined the family after it was solved.
    let solved = members.filter { outline.edge(to: $0)?.relation.kind != .adapter }
    return Cost(
      distances: distances.submatrix(solved), penalty: Penalty(options.metric, options.stage),
      lambda: options.lambda)
  }
}
