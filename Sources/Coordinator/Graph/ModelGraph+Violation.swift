internal import System

extension ModelGraph {
  /// What is wrong with a graph: the node or edge, what was found there, and what was expected.
  package struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
    /// In words that may be shown: names are printable.
    package let description: String
  }

  /// Larger than any collection that can be compared pair by pair.
  package static let mostNodes = 200_000
  /// File systems allow 4,096 bytes for a path; ids are parts of paths.
  package static let longestID = 1 << 14
  /// Weights of a merge may exceed 1 where another parent is subtracted.
  private static let largestShare = 100.0
  private static let largestRank = 1 << 30

  /// Checks everything that the rest of the program relies on, in O(nodes + edges).
  ///
  /// - Returns: the first violation; nil for a sound graph.
  package func violation() -> Violation? {
    do throws(Violation) {
      guard nodes.count <= Self.mostNodes else {
        throw Violation(description: "there are \(nodes.count) nodes, expected at most \(Self.mostNodes)")
      }
      try checkNodes()
      try checkEdges()
      try checkTrees()
      return nil
    } catch {
      return error
    }
  }

  private func checkNodes() throws(Violation) {
    var seen: Set<ByteString> = []
    seen.reserveCapacity(nodes.count)
    for (place, node) in nodes.enumerated() {
      func fail(_ found: String, expected: String) -> Violation {
        Violation(description: "the node '\(Self.shown(node.id))' \(found), expected \(expected)")
      }
      guard !node.id.isEmpty else {
        throw Violation(description: "node \(place) has no id, expected the name of a model")
      }
      guard node.id.utf8.count <= Self.longestID else {
        throw fail("has an id of \(node.id.utf8.count) bytes", expected: "at most \(Self.longestID)")
      }
      guard seen.insert(ByteString(node.id)).inserted else {
        throw fail("is listed twice", expected: "each node once")
      }
      guard nodes.indices.contains(node.family) else {
        throw fail("has the family \(node.family)", expected: "a number from 0 to \(nodes.count - 1)")
      }
      switch node.origin {
      case .inferred(let support):
        guard node.id.wholeMatch(of: /inferred-[1-9][0-9]{0,8}/) != nil else {
          throw fail("is inferred", expected: "an id like inferred-1")
        }
        guard (0...1).contains(support) else { throw fail("has the support \(support)", expected: "0 to 1") }
      case .observed(let model):
        if let score = model.score, !score.isFinite {
          throw fail("has the score \(score)", expected: "a finite number")
        }
        guard model.parameters >= 0 else {
          throw fail("has \(model.parameters) parameters", expected: "0 or more")
        }
        if let first = model.duplicateOf {
          guard nodes.indices.contains(first), let original = nodes[first].model, original.duplicateOf == nil,
            first != place
          else {
            throw fail("is the duplicate of something else", expected: "a model that is not a duplicate itself")
          }
        }
        if let base = model.declaration?.model {
          guard nodes.indices.contains(base), base != place else {
            throw fail("has a declared base that is not there", expected: "another node")
          }
        }
      }
    }
  }

  private func checkEdges() throws(Violation) {
    for edge in edges {
      guard nodes.indices.contains(edge.source), nodes.indices.contains(edge.target) else {
        throw Violation(description: "an edge leads to a node that is not there, expected both ends among the nodes")
      }
      func fail(_ found: String, expected: String) -> Violation {
        let ends = "'\(Self.shown(nodes[edge.source].id))' to '\(Self.shown(nodes[edge.target].id))'"
        return Violation(description: "the edge from \(ends) \(found), expected \(expected)")
      }
      guard edge.source != edge.target else { throw fail("is a loop", expected: "two different nodes") }
      guard (0...1).contains(edge.support) else {
        throw fail("has the support \(edge.support)", expected: "0 to 1")
      }
      guard (0...1).contains(edge.directionSupport) else {
        throw fail("has the direction support \(edge.directionSupport)", expected: "0 to 1")
      }
      if let distance = edge.distance {
        guard distance.isFinite, distance >= 0 else {
          throw fail("has the distance \(distance)", expected: "a finite number, 0 or more")
        }
      }
      if let rank = edge.relation.rank, !(0...Self.largestRank).contains(rank) {
        throw fail("has the rank \(rank)", expected: "0 to \(Self.largestRank)")
      }
      let mostOfShare = edge.component == nil ? Self.largestShare : 1
      if let share = edge.share, !(0...mostOfShare).contains(share) {
        throw fail("has the share \(share)", expected: "0 to \(mostOfShare)")
      }
      guard (edge.component != nil) == (edge.relation.kind == .contains) else {
        throw fail("is a \(edge.relation.name) edge", expected: "contains beside the tree, anything else within")
      }
      guard edge.component != nil || edge.distance != nil else {
        throw fail("has no distance", expected: "a finite number, 0 or more")
      }
    }
  }

  /// One parent each, one family per tree, and no way back to where one started.
  private func checkTrees() throws(Violation) {
    var parents: [Int?] = Array(repeating: nil, count: nodes.count)
    for edge in edges where edge.kind == .parent {
      let child = nodes[edge.target]
      if let other = parents[edge.target] {
        let both = "'\(Self.shown(nodes[other].id))' and '\(Self.shown(nodes[edge.source].id))'"
        throw Violation(
          description: "the node '\(Self.shown(child.id))' has the parents \(both), expected at most one in the tree")
      }
      parents[edge.target] = edge.source
      guard nodes[edge.source].family == child.family else {
        throw Violation(
          description:
            "the node '\(Self.shown(child.id))' is of family \(child.family) and its parent '\(Self.shown(nodes[edge.source].id))' of family \(nodes[edge.source].family), expected the same"
        )
      }
    }
    // Per node: 0 before it was visited, else the number of the walk that reached it.
    var walk = Array(repeating: 0, count: nodes.count)
    for start in nodes.indices {
      var node = start
      while walk[node] == 0 {
        walk[node] = start + 1
        guard let parent = parents[node] else { break }
        node = parent
        if walk[node] == start + 1 {
          throw Violation(
            description: "the node '\(Self.shown(nodes[node].id))' is its own ancestor, expected trees without cycles")
        }
      }
    }
  }

  /// Names that others wrote, short enough for a message.
  private static func shown(_ id: String) -> String { TextColumns.shortened(id.printable, to: 80) }
}
