internal import Graph
internal import System

/// What changed from one run to another: models, families, parents, directions.
package struct Difference: Encodable {
  package struct Move: Encodable {
    package var child: String
    /// nil: a root.
    package var before: String?
    package var after: String?
    package var supportBefore: Double?
    package var supportAfter: Double?
    /// Parent and child traded places.
    package var reversed: Bool
  }

  package struct Change: Encodable {
    package var child: String
    package var parent: String
    package var before: Double
    package var after: Double
  }

  package var modelsBefore: Int
  package var modelsAfter: Int
  package var gone: [String]
  package var new: [String]
  /// Option -> values before and after.
  package var options: [String: [String]]
  package var sameEdges: Int
  package var moved: [Move]
  /// Models whose set of relatives changed, counting only models of both runs.
  package var otherFamily: [String]
  /// Edges of both runs whose distance or support differs by more than the tolerance.
  package var distances: [Change]
  package var supports: [Change]

  /// Relative for distances, absolute for supports.
  private static let tolerance = (distance: 0.01, support: 0.05)

  package init(_ before: FinishedRun, _ after: FinishedRun) { self.init(before.report, after.report) }

  /// The same of two trees without their matrices.
  package init(_ before: TreeReport, _ after: TreeReport) {
    let (old, new) = (Side(before), Side(after))
    modelsBefore = before.graph.nodes.count
    modelsAfter = after.graph.nodes.count
    gone = old.ids.filter { new.place($0) == nil }
    self.new = new.ids.filter { old.place($0) == nil }
    options = [:]
    let (was, now) = (before.description.settings, after.description.settings)
    for name in Set(was.keys).union(now.keys) where name != "distance_definition" {
      let values = [was[name] ?? "", now[name] ?? ""]
      if values[0] != values[1] { options[name] = values }
    }
    let common = old.ids.filter { new.place($0) != nil }
    (sameEdges, moved, distances, supports) = (0, [], [], [])
    for child in common {
      let (was, now) = (old.edge(to: child), new.edge(to: child))
      let (parent, other) = (was.map { old.ids[$0.source] }, now.map { new.ids[$0.source] })
      guard parent.map({ ByteString($0) }) == other.map({ ByteString($0) }) else {
        let isReversed =
          other.flatMap { old.parent(of: $0) } == child || parent.flatMap { new.parent(of: $0) } == child
        moved.append(
          Move(
            child: child, before: parent, after: other, supportBefore: was?.support, supportAfter: now?.support,
            reversed: isReversed))
        continue
      }
      guard let was, let now, let other else { continue }
      sameEdges += 1
      let (far, near) = (was.distance ?? 0, now.distance ?? 0)
      if abs(far - near) > Self.tolerance.distance * max(far, near) {
        distances.append(Change(child: child, parent: other, before: far, after: near))
      }
      if abs(was.support - now.support) > Self.tolerance.support {
        supports.append(Change(child: child, parent: other, before: was.support, after: now.support))
      }
    }
    otherFamily = Self.otherFamilies(common, old, new)
  }

  /// One of the two runs, by id.
  private struct Side {
    let ids: [String]
    private let graph: ModelGraph
    private let edges: [ModelGraph.Edge?]
    private let number: [ByteString: Int]

    init(_ report: TreeReport) {
      graph = report.graph
      ids = graph.nodes.map(\.id)
      number = Dictionary(ids.enumerated().map { (ByteString($1), $0) }, uniquingKeysWith: { first, _ in first })
      var edges: [ModelGraph.Edge?] = Array(repeating: nil, count: ids.count)
      for edge in graph.edges where edge.kind == .parent { edges[edge.target] = edge }
      self.edges = edges
    }

    func place(_ id: String) -> Int? { number[ByteString(id)] }
    func edge(to id: String) -> ModelGraph.Edge? { place(id).flatMap { edges[$0] } }
    func parent(of id: String) -> String? { edge(to: id).map { ids[$0.source] } }

    func family(of id: String) -> Int { place(id).map { graph.nodes[$0].family } ?? -1 }
  }

  /// Models of both runs whose relatives changed: those whose two families do not have the same members in common.
  private static func otherFamilies(_ common: [String], _ old: Side, _ new: Side) -> [String] {
    let pairs = common.map { [old.family(of: $0), new.family(of: $0)] }
    let together = Dictionary(grouping: pairs) { $0 }.mapValues(\.count)
    let before = Dictionary(grouping: pairs) { $0[0] }.mapValues(\.count)
    let after = Dictionary(grouping: pairs) { $0[1] }.mapValues(\.count)
    return zip(common, pairs).filter { _, pair in
      together[pair] != before[pair[0]] || together[pair] != after[pair[1]]
    }.map(\.0)
  }
}
