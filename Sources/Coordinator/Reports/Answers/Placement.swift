internal import Core
internal import Graph
package import System

/// Where a new model belongs in a finished run: below which model, and which models then belong below it. The
/// recorded trees stay as they are otherwise.
///
/// Chooses the place of least cost: the cost of the edge to the new model, minus what its children save by moving
/// below it.
package struct Placement {
  /// nil: above the root of the family.
  package let parent: Int?
  /// Models that move below the new one.
  package let children: [Int]

  /// - Parameters:
  ///   - family: number of the family it belongs to.
  ///   - down: per candidate the cost of it being the parent of the new model.
  ///   - up: per candidate the cost of the new model being its parent.
  /// - Returns: nil where there is no candidate of the family.
  package init?(
    _ run: FinishedRun, family: Int, down: [Int: Double], up: [Int: Double]
  ) throws(Failure) {
    let outline = Outline(run.graph)
    let cost = try run.costs()
    let members = down.keys.filter { run.graph.nodes[$0].family == family }.sorted()
    guard !members.isEmpty else { return nil }
    func saving(_ child: Int) -> Double {
      guard let parent = outline.parent[child], let own = up[child], cost[parent, child].isFinite else { return 0 }
      return cost[parent, child] - own
    }
    var best: (total: Double, parent: Int?, children: [Int])?
    func consider(_ total: Double, _ parent: Int?, _ children: [Int]) {
      if best.map({ total < $0.total }) ?? true { best = (total, parent, children) }
    }
    for parent in members {
      guard let edge = down[parent], edge.isFinite else { continue }
      let above = Set(outline.ancestry(of: parent))
      let children = members.filter { !above.contains($0) && saving($0) > 0 }
      consider(edge - children.reduce(0) { $0 + saving($1) }, parent, children)
    }
    for root in members where outline.parent[root] == nil {
      guard let edge = up[root], edge.isFinite else { continue }
      let children = members.filter { $0 != root && saving($0) > 0 }
      consider(edge - children.reduce(0) { $0 + saving($1) }, nil, [root] + children)
    }
    guard let best else { return nil }
    parent = best.parent
    children = best.children
  }
}
