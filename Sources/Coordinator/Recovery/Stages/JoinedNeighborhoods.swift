import Checkpoints
import Core
import Graph
import Lineage
import Planning
import System

/// Models that are too many to compare all their pairs: what was solved of their neighborhoods, and how it was joined.
struct JoinedNeighborhoods {
  /// Numbers of the sections.
  let sections: Range<Int>
  private let join: NeighborhoodJoin
  private let bound: NeighborhoodBound
  /// Per model with a parent: one that may be nearer, and was not compared with it.
  private let leftOut: [Int: Int]
  /// Per model: how many others it was compared with where they are at home, and it is not.
  private let comparedElsewhere: [Int: Int]
  /// Models whose own section knows nothing else than what all say together.
  private let agreed: Set<Int>
  private let cover: PairCover

  /// - Parameter solved: per section.
  init(_ group: CoverSections, _ solved: [SolvedSection]) {
    (sections, cover) = (group.sections, group.cover)
    let join = NeighborhoodJoin(
      zip(solved, group.cover.blocks).map {
        NeighborhoodJoin.Part($0.lineage, members: $0.members, own: $1.own)
      })
    let places = solved.map { part in Dictionary(uniqueKeysWithValues: part.members.enumerated().map { ($1, $0) }) }
    func distance(_ model: Int, _ other: Int, in part: Int?) -> Double {
      guard let part, let row = places[part][model], let column = places[part][other] else { return .nan }
      return solved[part].distances[row, column]
    }
    let bound = NeighborhoodBound(group.cover) { model, other in
      let home = distance(model, other, in: join.homes[model])
      return home.isNaN ? distance(model, other, in: join.homes[other]) : home
    }
    var leftOut: [Int: Int] = [:]
    for (model, link) in join.links {
      // Nothing is nearer than a copy's original.
      guard let part = join.homes[model], let place = places[part][model],
        solved[part].lineage.duplicateOf[place] == nil
      else { continue }
      leftOut[model] = bound.nearer(to: model, than: distance(model, link.parent, in: link.part))
    }
    var elsewhere: [Int: Int] = [:]
    for (number, part) in solved.enumerated() {
      PairIndex(part.members.count).forEach { _, a, b in
        guard part.lineage.relatedness[a, b].isFinite else { return }
        for (host, guest) in [(part.members[a], part.members[b]), (part.members[b], part.members[a])] {
          guard join.homes[host] == number, let home = join.homes[guest], places[home][host] == nil else { continue }
          elsewhere[guest, default: 0] += 1
        }
      }
    }
    comparedElsewhere = elsewhere
    agreed = Set(
      join.homes.filter { model, part in
        guard let place = places[part][model], leftOut[model] == nil else { return false }
        let link = join.links[model]
        return link?.isAdded != true && link?.isDisputed != true
          && link?.parent == solved[part].lineage.parents[place].map { solved[part].members[$0] }
      }.keys)
    (self.join, self.bound, self.leftOut) = (join, bound, leftOut)
  }

  /// Per model the section that is taken at its word.
  var homes: [Int: Int] { join.homes.mapValues { sections.lowerBound + $0 } }

  func isAtHome(_ model: Int, _ section: Int) -> Bool { join.homes[model].map { sections.lowerBound + $0 } == section }

  /// Makes one forest of what the sections say of the models that are at home there.
  ///
  /// - Parameters:
  ///   - families: per node, what makes its family one of its own.
  ///   - trees: edges, from which those of other sections were left out.
  ///   - others: edges beside the trees.
  func join(
    _ nodes: inout [ModelGraph.Node], _ families: inout [[Int]], _ trees: inout [ModelGraph.Edge],
    _ others: inout [ModelGraph.Edge]
  ) {
    let models = Set(join.homes.keys)
    trees.removeAll { models.contains($0.target) && join.links[$0.target]?.parent != $0.source }
    let found = Set(trees.map(\.target))
    for (model, link) in join.links where !found.contains(model) {
      trees.append(
        ModelGraph.Edge(
          source: link.parent, target: model, relation: .finetune, distance: link.distance,
          support: NeighborhoodJoin.doubtful,
          directionSupport: NeighborhoodJoin.doubtful))
    }
    for place in trees.indices where models.contains(trees[place].target) {
      let model = trees[place].target
      trees[place].leftOut = leftOut[model]
      if !agreed.contains(model) {
        trees[place].support = min(trees[place].support, NeighborhoodJoin.doubtful)
      }
    }
    for model in models { nodes[model].model?.compared? += comparedElsewhere[model] ?? 0 }
    resolveCopies(models, &nodes, &trees)
    // A family is a tree here, whatever each section counted.
    for model in models { families[model] = [-1 - sections.lowerBound, join.tops[model] ?? model] }
    let numbers = families
    others.removeAll { edge in
      guard models.contains(edge.target) else { return false }
      return edge.component != nil
        ? numbers[edge.source] == numbers[edge.target]
        : !agreed.contains(edge.target) || descends(edge.source, from: edge.target)
    }
    // Who had a part first, only all models of both families tell.
    for place in others.indices where others[place].component != nil && models.contains(others[place].target) {
      others[place].support = min(others[place].support, NeighborhoodJoin.doubtful)
      others[place].directionSupport = min(others[place].directionSupport, NeighborhoodJoin.doubtful)
    }
  }

  private func descends(_ model: Int, from ancestor: Int) -> Bool {
    var above: Int? = model
    while let next = above, next != ancestor { above = join.links[next]?.parent }
    return above != nil
  }

  /// A copy of a copy is one of the first.
  private func resolveCopies(_ models: Set<Int>, _ nodes: inout [ModelGraph.Node], _ trees: inout [ModelGraph.Edge]) {
    var firsts: [Int: Int] = [:]
    for model in models {
      var (first, steps) = (nodes[model].model?.duplicateOf, 0)
      while let known = first, let next = nodes[known].model?.duplicateOf, next != model, steps < models.count {
        (first, steps) = (next, steps + 1)
      }
      if let first { firsts[model] = first }
    }
    // Not where it would lead in a circle, as a copy's edge that was cut could.
    firsts = firsts.filter { model, first in !descends(first, from: model) }
    for (model, first) in firsts { nodes[model].model?.duplicateOf = first }
    for place in trees.indices where trees[place].relation.kind == .duplicate {
      if let first = firsts[trees[place].target], first != trees[place].target { trees[place].source = first }
    }
  }

  /// What to say of them.
  func note(_ models: [ModelRecord]) -> Note {
    let accuracy =
      bound.error.isFinite
      ? "Fingerprints give distances with a standard deviation of \(fixed(100 * bound.error, 1)) %. Taken five deviations nearer, "
      : "Too few pairs tell how far off fingerprints are. "
    let disputed = join.links.values.count { $0.isDisputed || $0.isAdded }
    let reach =
      leftOut.isEmpty
      ? "no model that was left out is nearer to another one than its parent"
      : "a model that was left out may be nearer than the parent for \(counted(leftOut.count, "edge")), which \(leftOut.count == 1 ? "is" : "are") undecided"
    let agreement =
      disputed == 0
      ? ""
      : "; \(counted(disputed, "edge")) on which neighborhoods do not agree \(disputed == 1 ? "is" : "are") undecided"
    return Note(
      subject: "neighborhoods",
      text:
        "the section of '\(models[join.homes.keys.min() ?? 0].id.printable)' was solved in \(cover.blocks.count) parts. \(accuracy)\(reach)\(agreement)"
    )
  }
}
