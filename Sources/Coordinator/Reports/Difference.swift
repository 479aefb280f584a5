internal import Lineage

/// What changed from one run to another: models, families, parents, directions.
public struct Difference: Encodable {
  public struct Move: Encodable {
    public var child: String
    /// nil: a root.
    public var before: String?
    public var after: String?
    public var supportBefore: Double?
    public var supportAfter: Double?
    /// Parent and child have changed places.
    public var reversed: Bool
  }

  public struct Change: Encodable {
    public var child: String
    public var parent: String
    public var before: Double
    public var after: Double
  }

  public var modelsBefore: Int
  public var modelsAfter: Int
  public var gone: [String]
  public var new: [String]
  /// Option -> values before and after.
  public var options: [String: [String]]
  public var sameEdges: Int
  public var moved: [Move]
  /// Models whose relatives, among the models of both runs, are others than before.
  public var otherFamily: [String]
  /// Edges of both runs whose distance or support differs by more than the tolerance.
  public var distances: [Change]
  public var supports: [Change]

  /// Relative for distances, absolute for supports.
  private static let tolerance = (distance: 0.01, support: 0.05)

  public init(_ before: FinishedRun, _ after: FinishedRun) { self.init(before.forest, after.forest) }

  init(_ before: Forest, _ after: Forest) {
    let (old, new) = (Outline(before), Outline(after))
    modelsBefore = before.nodes.count
    modelsAfter = after.nodes.count
    gone = before.nodes.map(\.id).filter { new.number[$0] == nil }
    self.new = after.nodes.map(\.id).filter { old.number[$0] == nil }
    options = [:]
    for name in Set(before.graph.keys).union(after.graph.keys) where !name.hasPrefix("note_") {
      let values = [before.graph[name] ?? "", after.graph[name] ?? ""]
      if values[0] != values[1], name != "distance_definition" { options[name] = values }
    }
    let common = before.nodes.map(\.id).filter { new.number[$0] != nil }
    (sameEdges, moved, distances, supports) = (0, [], [], [])
    for child in common {
      guard let a = old.number[child], let b = new.number[child] else { continue }
      let (was, now) = (old.edge(to: a), new.edge(to: b))
      guard was?.source == now?.source else {
        let isReversed =
          now.flatMap { old.number[$0.source] }.flatMap { old.edge(to: $0) }?.source == child
          || was.flatMap { new.number[$0.source] }.flatMap { new.edge(to: $0) }?.source == child
        moved.append(
          Move(
            child: child, before: was?.source, after: now?.source, supportBefore: was?.support,
            supportAfter: now?.support, reversed: isReversed))
        continue
      }
      guard let was, let now else { continue }
      sameEdges += 1
      if abs(was.distance - now.distance) > Self.tolerance.distance * max(was.distance, now.distance) {
        distances.append(
          Change(child: child, parent: now.source, before: was.distance, after: now.distance))
      }
      if abs(was.support - now.support) > Self.tolerance.support {
        supports.append(Change(child: child, parent: now.source, before: was.support, after: now.support))
      }
    }
    otherFamily = Self.changed(common, old, new)
  }

  private static func changed(_ common: [String], _ old: Outline, _ new: Outline) -> [String] {
    func families(_ outline: Outline) -> [String: Set<String>] {
      let groups = Dictionary(grouping: common) { id in
        outline.number[id].map { outline.forest.nodes[$0].family } ?? -1
      }
      var relatives: [String: Set<String>] = [:]
      for members in groups.values {
        let all = Set(members)
        for id in members { relatives[id] = all }
      }
      return relatives
    }
    let (before, after) = (families(old), families(new))
    return common.filter { before[$0] != after[$0] }
  }
}
