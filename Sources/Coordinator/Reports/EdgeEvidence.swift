internal import Core
internal import Foundation
internal import Graph
internal import Lineage
internal import System

/// What speaks for a model's place in its tree and what against it, in sentences; and what was compared for it.
struct EdgeEvidence: Encodable, Sendable, Equatable {
  var speaksFor: [String] = []
  var speaksAgainst: [String] = []
  var compared: [String] = []
  /// How often edges with such a support were right; nil for a root, and where nothing was measured.
  var experience: String?
}

/// The numbers of a run that evidence is read from, so that each matrix is read once for all edges.
struct EvidenceReader {
  private let run: FinishedRun
  private let outline: Outline
  private let distances: BlockMatrix
  private let cost: BlockMatrix
  private let relatedness: BlockMatrix
  private let probability: BlockMatrix?
  private let evidence: BlockMatrix
  private let nextBest: [Alternatives.Parent?]
  /// By section.
  private let sizes: [Int: [Double]]
  private let members: [Int: [Int]]
  private let isTensorwise: Bool
  /// In the order of the tree: the descendants of a node are the `size` places from its own.
  private let place: [Int]

  /// Numbers of single pairs and tensors that are read at most; in larger runs `why` reads those of one edge.
  private static let mostNumbers = 100_000

  init(
    _ run: FinishedRun, _ outline: Outline, distances: BlockMatrix, cost: BlockMatrix, relatedness: BlockMatrix,
    nextBest: [Alternatives.Parent?]
  ) throws(Failure) {
    self.run = run
    self.outline = outline
    self.distances = distances
    self.cost = cost
    self.relatedness = relatedness
    self.nextBest = nextBest
    var place = Array(repeating: 0, count: outline.order.count)
    for (position, node) in outline.order.enumerated() { place[node] = position }
    self.place = place
    evidence = try run.evidence()
    // Earlier runs did not keep it.
    probability = try? run.probability()
    members = Dictionary(grouping: run.graph.nodes.indices) { run.graph.nodes[$0].family }
    var sizes: [Int: [Double]] = [:]
    for nodes in members.values where nodes.count > 1 {
      for node in nodes {
        guard let section = run.section(node), sizes[section] == nil else { continue }
        sizes[section] = try run.tensorSizes(node)
      }
    }
    self.sizes = sizes
    let numbers = run.graph.treeEdges.reduce(0) { $0 + (run.section($1.target).flatMap { sizes[$0]?.count } ?? 0) }
    isTensorwise = numbers <= Self.mostNumbers
  }

  /// - Returns: nil for an inferred node, and for a model that nothing was compared with.
  func evidence(of child: Int) throws(Failure) -> EdgeEvidence? {
    let node = run.graph.nodes[child]
    guard let model = node.model, model.isComparable else { return nil }
    var found = EdgeEvidence()
    if let edge = outline.edge(to: child) {
      weigh(edge, &found)
      try count(edge, model, &found)
      found.experience = ErrorRates.measured.sentence(edge.certainty)
    }
    declare(model, &found)
    let others = run.graph.nodes.count { !$0.isInferred } - 1
    if let compared = model.compared { found.compared.append("with \(compared) of \(counted(others, "other model"))") }
    return found
  }

  private func weigh(_ edge: ModelGraph.Edge, _ found: inout EdgeEvidence) {
    let (parent, child) = (edge.source, edge.target)
    let name = run.graph.nodes[parent].id.printable
    if run.graph.nodes[parent].isInferred {
      found.speaksFor.append("what it has in common with its siblings implies an ancestor that is not here")
    }
    let ratio = relatedness[parent, child]
    if ratio.isFinite {
      let chance = probability.map { $0[parent, child] }.flatMap { $0.isFinite ? $0 : nil }
      let p = chance.map { "; p \(AnswerText.probability($0)) if they were unrelated" } ?? ""
      found.speaksFor.append("related to \(name): ratio \(AnswerText.number(ratio)), strangers 1\(p)")
    }
    let distance = distances[parent, child]
    if distance.isFinite {
      // Its own descendants are near, and could not be its parent.
      let relatives = members[run.graph.nodes[child].family, default: []].filter {
        distances[$0, child].isFinite && !isBelow($0, child)
      }
      let nearer = relatives.filter { distances[$0, child] < distance }
      if let nearest = nearer.min(by: { distances[$0, child] < distances[$1, child] }) {
        found.speaksAgainst.append(
          "\(counted(nearer.count, "relative")) nearer than \(name), the nearest \(run.graph.nodes[nearest].id.printable)"
        )
      } else if relatives.count > 1 {
        found.speaksFor.append("\(name) is the nearest of \(relatives.count) relatives")
      }
    }
    let order = evidence[parent, child]
    if order.isFinite, abs(order) >= 0.005 {
      let text = "evidence that \(name) came first: \(AnswerText.signed(order))"
      if order > 0 { found.speaksFor.append(text) } else { found.speaksAgainst.append(text) }
    }
    rival(edge, &found)
    if let leftOut = edge.leftOut {
      found.speaksAgainst.append(
        "\(run.graph.nodes[leftOut].id.printable), which it was not compared with, may be nearer than \(name)")
    }
    // Which of two copies was first, no resampling says.
    guard !edge.relation.isCopy else { return }
    let support =
      "found in \(AnswerText.percent(edge.support)) of the resamplings, its order in \(AnswerText.percent(edge.directionSupport))"
    if edge.grade == .firm { found.speaksFor.append(support) } else { found.speaksAgainst.append("only \(support)") }
    if let rank = edge.relation.rank { found.speaksFor.append("the change has rank \(rank)") }
  }

  /// Is it the model, or one of its descendants?
  private func isBelow(_ node: Int, _ top: Int) -> Bool {
    place[node] >= place[top] && place[node] < place[top] + outline.size[top]
  }

  /// The next best parent.
  private func rival(_ edge: ModelGraph.Edge, _ found: inout EdgeEvidence) {
    let own = cost[edge.source, edge.target]
    guard let other = nextBest[edge.target], own.isFinite else { return }
    let name = run.graph.nodes[other.node].id.printable
    let margin = other.cost - own
    let text =
      margin >= 0
      ? "\(name), the next best parent, costs \(AnswerText.number(margin)) more"
      : "\(name) alone would cost \(AnswerText.number(-margin)) less; one tree for all relatives has this parent"
    let isClose = margin < 0 || edge.runnerUp == other.node
    if isClose { found.speaksAgainst.append(text) } else { found.speaksFor.append(text) }
  }

  private func count(_ edge: ModelGraph.Edge, _ model: ModelGraph.Model, _ found: inout EdgeEvidence) throws(Failure) {
    if isTensorwise, !run.graph.nodes[edge.source].isInferred,
      let sizes = run.section(edge.target).flatMap({ sizes[$0] })
    {
      let apart = try run.tensorDistances(edge.source, edge.target)
      guard apart.count <= sizes.count else { throw run.damagedSections }
      let shared = apart.indices.filter { !apart[$0].isNaN }
      let weights = shared.reduce(0.0) { $0 + sizes[$1] }
      let share = min(1, weights / Double(max(1, model.parameters)))
      found.compared.append(
        "\(counted(shared.count, "tensor")) of both, \(AnswerText.percent(share)) of its weights")
      let equal = shared.count { apart[$0] == 0 }
      if equal > 0 { found.speaksFor.append("\(counted(equal, "tensor")) equal, bit for bit") }
    }
    if !edge.transforms.isEmpty {
      found.compared.append("undone before: \(edge.transforms.map(\.rawValue).joined(separator: ", "))")
    }
  }

  private func declare(_ model: ModelGraph.Model, _ found: inout EdgeEvidence) {
    guard let declared = model.declaration else { return }
    let base = "declared base \(declared.base.printable)"
    switch declared.agreement {
    case .agrees: found.speaksFor.append("\(base): the weights agree")
    case .ancestor: found.speaksFor.append("\(base): an ancestor, further up")
    case .contradicts: found.speaksAgainst.append("\(base): contradicted by the weights")
    case nil: found.compared.append("\(base): not in the collection")
    }
  }
}
