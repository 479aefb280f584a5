package import System

/// How well a graph matches a known one.
///
/// The truth may name models that are not in the run. A child whose true parent is absent is right below its nearest
/// present ancestor, or below an inferred node whose observed children all descend from that absent parent; below a
/// sibling it is wrong. A model none of whose ancestors is present is a root of what is there: it counts among the
/// roots, and among the edges only where it was given a parent.
package struct Evaluation: Sendable, Equatable, Codable {
  /// A true edge that was not found with its direction.
  package struct WrongEdge: Sendable, Equatable, Codable {
    package var child: String
    /// The present models that would be right; where there is none, the absent parents.
    package var expected: [String]
    /// nil: the model came out as a root.
    package var found: String?
    /// The two are joined, but the other way round.
    package var reversed: Bool
  }

  package var models: Int
  package var trueEdges: Int
  /// True edges found with the right direction / true edges (paper, section 5).
  package var directedAccuracy: Double
  /// True edges found in either direction / true edges.
  package var undirectedAccuracy: Double
  /// True roots found as roots / true roots.
  package var rootAccuracy: Double
  /// Adjusted Rand index of the families (Hubert, Arabie 1985).
  package var adjustedRandIndex: Double
  package var wrongEdges: [WrongEdge]
  /// Models that the truth knows and the graph does not, and the other way round; left out above.
  package var missing: [String]
  package var unknown: [String]

  /// - Throws: `Failure` (bad input) when truth and graph have no model in common.
  package init(_ graph: ModelGraph, truth: Truth) throws(Failure) {
    let index = TruthIndex(truth, in: graph)
    let compared = truth.models.indices.filter { index.node[$0] != nil }
    guard !compared.isEmpty else {
      throw .badInput(
        "the truth file and the run have no model id in common",
        advice: "ids are folder or file names, as 'modeltree tree RUN' shows them")
    }
    var count = Counts(index, graph)
    for model in compared { count.add(model) }
    models = compared.count
    trueEdges = count.edges
    directedAccuracy = count.edges == 0 ? 1 : Double(count.directed) / Double(count.edges)
    undirectedAccuracy = count.edges == 0 ? 1 : Double(count.undirected) / Double(count.edges)
    rootAccuracy = count.roots == 0 ? 1 : Double(count.rootsFound) / Double(count.roots)
    wrongEdges = count.wrong
    missing = truth.models.indices.filter { index.node[$0] == nil }.map { truth.models[$0].id }
    unknown = graph.nodes.indices.filter { index.model[$0] == nil && !graph.nodes[$0].isInferred }.map {
      graph.nodes[$0].id
    }
    let families = index.families
    adjustedRandIndex = Self.adjustedRandIndex(
      compared.map { model in (families[model], index.node[model].map { graph.nodes[$0].family } ?? -1) })
  }

  /// 1 for equal partitions, 0 on average for random ones.
  static func adjustedRandIndex(_ labels: [(Int, Int)]) -> Double {
    func pairs(_ count: Int) -> Double { Double(count * (count - 1)) / 2 }
    func sum<Key: Hashable>(_ key: ((Int, Int)) -> Key) -> Double {
      Dictionary(grouping: labels, by: key).values.reduce(0) { $0 + pairs($1.count) }
    }
    struct Cell: Hashable {
      var a: Int
      var b: Int
    }
    let both = sum { Cell(a: $0.0, b: $0.1) }
    let first = sum(\.0)
    let second = sum(\.1)
    let all = pairs(labels.count)
    let expected = all > 0 ? first * second / all : 0
    let highest = (first + second) / 2
    // Both partitions are trivial in the same way: there is nothing to adjust.
    return highest == expected ? 1 : (both - expected) / (highest - expected)
  }
}

/// Goes through the models that truth and graph have in common.
private struct Counts {
  private let index: TruthIndex
  private let graph: ModelGraph
  private let parents: [Int?]
  /// Per inferred node the models that were found below it.
  private var children: [Int: [Int]] = [:]
  private(set) var edges = 0
  private(set) var directed = 0
  private(set) var undirected = 0
  private(set) var roots = 0
  private(set) var rootsFound = 0
  private(set) var wrong: [Evaluation.WrongEdge] = []

  init(_ index: TruthIndex, _ graph: ModelGraph) {
    self.index = index
    self.graph = graph
    parents = graph.parents
    for edge in graph.edges where edge.component == nil && graph.nodes[edge.source].isInferred {
      // What the truth does not know says nothing.
      if let model = index.model[edge.target] { children[edge.source, default: []].append(model) }
    }
  }

  mutating func add(_ model: Int) {
    guard let node = index.node[model] else { return }
    let found = parents[node]
    let absent = index.parents[model].filter { index.node[$0] == nil }
    var expected: [Int] = []
    for right in index.parents[model].flatMap(index.nearestPresent) where !expected.contains(right) {
      expected.append(right)
    }
    let isRight = found.map { found in
      expected.contains(found) || absent.contains { isInferred(found, for: $0) }
    }
    if expected.isEmpty, isRight != true {
      roots += 1
      if found == nil { rootsFound += 1 }
      // Without a true parent there is no true edge, and a root without present ancestors claims none.
      if absent.isEmpty || found == nil { return }
    }
    edges += 1
    if isRight == true {
      directed += 1
      undirected += 1
      return
    }
    let isReversed = expected.contains { parents[$0] == node }
    if isReversed { undirected += 1 }
    let names = expected.isEmpty ? absent.map { index.ids[$0] } : expected.map { graph.nodes[$0].id }
    wrong.append(
      .init(
        child: graph.nodes[node].id, expected: names, found: found.map { graph.nodes[$0].id }, reversed: isReversed))
  }

  /// Does an inferred node stand for the absent model: do all observed children descend from it?
  private func isInferred(_ node: Int, for absent: Int) -> Bool {
    children[node]?.allSatisfy { index.descends($0, from: absent) } ?? false
  }
}
