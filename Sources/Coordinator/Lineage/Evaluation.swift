internal import Core
public import System

/// How well a forest matches a known one.
public struct Evaluation: Sendable, Equatable, Codable {
  /// A true edge that was not found with its direction.
  public struct WrongEdge: Sendable, Equatable, Codable {
    public var child: String
    public var expected: [String]
    /// nil: the model came out as a root.
    public var found: String?
    /// The two are joined, but the other way round.
    public var reversed: Bool
  }

  public var models: Int
  public var trueEdges: Int
  /// True edges found with the right direction / true edges (paper, section 5).
  public var directedAccuracy: Double
  /// True edges found in either direction / true edges.
  public var undirectedAccuracy: Double
  /// True roots found as roots / true roots.
  public var rootAccuracy: Double
  /// Adjusted Rand index of the families (Hubert, Arabie 1985).
  public var adjustedRandIndex: Double
  public var wrongEdges: [WrongEdge]
  /// Models that the truth knows and the forest does not, and the other way round; left out above.
  public var missing: [String]
  public var unknown: [String]

  enum CodingKeys: String, CodingKey {
    case models, missing, unknown
    case trueEdges = "true_edges"
    case directedAccuracy = "directed_accuracy"
    case undirectedAccuracy = "undirected_accuracy"
    case rootAccuracy = "root_accuracy"
    case adjustedRandIndex = "adjusted_rand_index"
    case wrongEdges = "wrong_edges"
  }

  /// - Throws: `Failure` (bad input) when truth and forest have no model in common.
  public init(_ forest: Forest, truth: Truth) throws(Failure) {
    let known = Set(forest.nodes.map(\.id))
    let compared = truth.models.filter { known.contains($0.id) }
    guard !compared.isEmpty else {
      throw .badInput(
        "the truth file and the run have no model id in common",
        advice: "ids are folder or file names, as 'modeltree tree RUN' shows them")
    }
    let parents = Dictionary(
      forest.links.map { ($0.target, $0.source) }, uniquingKeysWith: { first, _ in first })
    var directed = 0
    var undirected = 0
    var edges = 0
    var wrong: [WrongEdge] = []
    var roots = 0
    var rootsFound = 0
    for model in compared {
      let expected = model.parents.filter { known.contains($0) }
      let found = parents[model.id]
      guard !expected.isEmpty else {
        roots += 1
        if found == nil { rootsFound += 1 }
        continue
      }
      edges += 1
      let reversed = expected.contains { parents[$0] == model.id }
      if let found, expected.contains(found) {
        directed += 1
        undirected += 1
      } else {
        if reversed { undirected += 1 }
        wrong.append(
          WrongEdge(child: model.id, expected: expected, found: found, reversed: reversed))
      }
    }
    models = compared.count
    trueEdges = edges
    directedAccuracy = edges == 0 ? 1 : Double(directed) / Double(edges)
    undirectedAccuracy = edges == 0 ? 1 : Double(undirected) / Double(edges)
    rootAccuracy = roots == 0 ? 1 : Double(rootsFound) / Double(roots)
    wrongEdges = wrong
    let ids = Set(truth.models.map(\.id))
    missing = truth.models.map(\.id).filter { !known.contains($0) }
    unknown = forest.nodes.map(\.id).filter { !ids.contains($0) }

    let trueFamily = Self.components(compared)
    let foundFamily = Dictionary(uniqueKeysWithValues: forest.nodes.map { ($0.id, $0.family) })
    adjustedRandIndex = Self.adjustedRandIndex(
      compared.map { (trueFamily[$0.id] ?? -1, foundFamily[$0.id] ?? -1) })
  }

  /// Models joined by true edges, numbered.
  private static func components(_ models: [Truth.Model]) -> [String: Int] {
    let index = Dictionary(
      models.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var joined = Array(repeating: Set<Int>(), count: models.count)
    for (child, model) in models.enumerated() {
      for parent in model.parents.compactMap({ index[$0] }) {
        joined[child].insert(parent)
        joined[parent].insert(child)
      }
    }
    let families = Families.connected(models.count) { joined[$0].contains($1) }
    return Dictionary(
      zip(models, families).map { ($0.id, $1) }, uniquingKeysWith: { first, _ in first })
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
    // Both partitions trivial in the same way: nothing to adjust.
    return highest == expected ? 1 : (both - expected) / (highest - expected)
  }
}
