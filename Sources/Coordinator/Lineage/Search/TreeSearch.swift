internal import Core

/// The tree of one family: the arborescence of least cost, its root chosen by the shape of the tree as well.
///
/// Costs of single edges say little about which end of a path is the root. Trees that grow by descent,
/// each new model below a random earlier one, are random recursive trees; the probability of one of
/// them, as a shape, falls with the product of the sizes of its subtrees. So the root is the one
/// that minimizes cost + unit * sum over nodes of ln(subtree size) among the roots near the first
/// solution's.
package struct TreeSearch: Sendable {
  private let unit: Double
  /// Of merges and rounded copies the parents that each may have; such a model is neither a root nor a parent of theirs.
  private let sources: [Int: [Int]]
  /// Edges that must not be.
  private var banned: [(from: Int, to: Int)]
  /// By number: its logarithm times the unit.
  private let shapeCosts: [Double]

  /// Roots that are tried.
  package static let tries = 12
  /// Paths from merges to their own parents that are closed before the search gives up.
  private static let mostClosedPaths = 8

  /// - Parameters:
  ///   - unit: cost of a factor e in the probability of the tree's shape; 0: the cost alone counts.
  ///   - members: model numbers of the nodes.
  ///   - merges: among the members.
  ///   - fixed: by model number, the only parents that a model may have.
  ///   - isForbidden: edges that must not be, by model numbers.
  package init(
    unit: Double, members: [Int], merges: [Merge], fixed: [Int: [Int]] = [:],
    isForbidden: (_ from: Int, _ to: Int) -> Bool
  ) {
    self.unit = unit
    shapeCosts = (0...members.count).map { $0 > 0 ? unit * Logarithm.of(Double($0)) : 0 }
    let places = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
    var sources = Dictionary(
      uniqueKeysWithValues: merges.compactMap { merge in
        places[merge.child].map { ($0, merge.parents.compactMap { places[$0] }) }
      })
    for (child, parents) in fixed {
      guard let place = places[child] else { continue }
      let known = parents.compactMap { places[$0] }
      if !known.isEmpty { sources[place] = known }
    }
    self.sources = sources
    banned = members.indices.flatMap { a in
      members.indices.filter { $0 != a && isForbidden(members[a], members[$0]) }.map { (a, $0) }
    }
  }

  /// - Parameter cost: cost[i, j] of the edge i -> j; NaN: no such edge.
  /// - Returns: the parent of each node, nil for roots.
  package func parents(_ cost: some EdgeCosts) -> [Int?] {
    var search = self
    // A model cannot descend from a merge that it is part of: such paths are closed one after the other.
    for _ in 0..<Self.mostClosedPaths {
      let found = search.solve(cost)
      guard let wrong = search.descentFromMerge(found) else { return found }
      search.banned.append(wrong)
    }
    return search.solve(cost)
  }

  private func solve(_ cost: some EdgeCosts) -> [Int?] {
    let limited = limited(cost)
    let contraction = limited.contraction
    let free = contraction.parents()
    let roots = free.indices.filter { free[$0] == nil }
    guard unit > 0 || !sources.isEmpty, roots.count == 1, free.count > 2 else { return free }
    var best = free
    var least = sources[roots[0]] != nil ? Double.infinity : value(free, limited)
    for root in near(roots[0], free) where root != roots[0] && sources[root] == nil {
      guard let found = contraction.parents(root: root) else { continue }
      let value = value(found, limited)
      if value < least {
        least = value
        best = found
      }
    }
    return best
  }

  private func limited<Costs: EdgeCosts>(_ cost: Costs) -> Costs {
    var limited = cost
    for (child, parents) in sources {
      limited.keepEdges(to: child, from: parents)
      for parent in parents { limited.removeEdge(from: child, to: parent) }
    }
    for edge in banned { limited.removeEdge(from: edge.from, to: edge.to) }
    return limited
  }

  /// The first edge on the path from a merge down to one of its own parents.
  private func descentFromMerge(_ parents: [Int?]) -> (from: Int, to: Int)? {
    for (merge, sources) in self.sources.sorted(by: { $0.key < $1.key }) {
      for source in sources {
        var node = source
        for _ in parents.indices {
          guard let above = parents[node] else { break }
          if above == merge { return (merge, node) }
          node = above
        }
      }
    }
    return nil
  }

  /// - Parameter parents: of a tree.
  private func value(_ parents: [Int?], _ cost: some EdgeCosts) -> Double {
    var sum = 0.0
    // Leaves first, each node after its last child.
    var open = Array(repeating: 0, count: parents.count)
    for (child, parent) in parents.enumerated() {
      guard let parent else { continue }
      sum += cost[parent, child]
      open[parent] += 1
    }
    var sizes = Array(repeating: 1, count: parents.count)
    for leaf in parents.indices.filter({ open[$0] == 0 }) {
      var node = leaf
      while let above = parents[node] {
        sizes[above] += sizes[node]
        open[above] -= 1
        guard open[above] == 0 else { break }
        node = above
      }
    }
    return sizes.reduce(sum) { $0 + shapeCosts[$1] }
  }

  /// The nodes nearest to the root of a tree, the root first, level by level.
  private func near(_ root: Int, _ parents: [Int?]) -> [Int] {
    var children = Array(repeating: [Int](), count: parents.count)
    for (child, parent) in parents.enumerated() {
      if let parent { children[parent].append(child) }
    }
    var found = [root]
    var next = 0
    while next < found.count, found.count < Self.tries {
      found += children[found[next]]
      next += 1
    }
    return Array(found.prefix(Self.tries))
  }
}
