import Graph
import TestSeed
import Testing

/// What makes a graph sound.
@Suite struct ModelGraphTests {
  private static func node(_ id: String, family: Int = 0) -> ModelGraph.Node {
    ModelGraph.Node(id: id, family: family, model: .init(path: id, score: nil, dtype: "F32", parameters: 1))
  }

  private static func edge(_ source: Int, _ target: Int) -> ModelGraph.Edge {
    ModelGraph.Edge(
      source: source, target: target, relation: .finetune, distance: 1, support: 1, directionSupport: 1)
  }

  private static let sound = ModelGraph(nodes: ["a", "b", "c"].map { node($0) }, edges: [edge(0, 1), edge(1, 2)])

  @Test func aTreeIsSound() { #expect(Self.sound.violation() == nil) }

  /// Every random parent assignment is judged as a walk along the parents judges it.
  @Test func cyclesAreFoundWhereverTheyAre() {
    var random = Seeded.fresh()
    var cycles = 0
    for _ in 0..<2000 {
      let n = Int.random(in: 1...7, using: &random)
      let parents: [Int?] = (0..<n).map { child in
        let parent = Int.random(in: -1..<n, using: &random)
        return parent < 0 || parent == child ? nil : parent
      }
      let edges = parents.enumerated().compactMap { child, parent in parent.map { Self.edge($0, child) } }
      let graph = ModelGraph(nodes: (0..<n).map { Self.node("\($0)") }, edges: edges)
      let isCyclic = (0..<n).contains { start in
        var node: Int? = start
        for _ in 0...n { node = node.flatMap { parents[$0] } }
        return node != nil
      }
      if isCyclic { cycles += 1 }
      let violation = graph.violation()
      #expect((violation != nil) == isCyclic, "seed \(random.seed)")
      if let violation { #expect(violation.description.contains("is its own ancestor")) }
    }
    #expect(cycles > 100)
  }

  @Test(arguments: [
    ("twice", "'a' is listed twice"), ("long", "bytes, expected at most"), ("empty", "has no id"),
    ("family", "family 9223372036854775807, expected a number from 0 to 2"), ("negative", "family -1"),
    ("parents", "has the parents 'a' and 'b', expected at most one"), ("loop", "is a loop"),
    ("end", "not there"), ("support", "support 1e+18, expected 0 to 1"), ("nan", "support nan"),
    ("direction", "direction support 1e+300, expected 0 to 1"), ("distance", "distance -1.0, expected a finite"),
    ("infinite", "distance inf"), ("families", "of family 1 and its parent 'a' of family 0, expected the same"),
    ("inferred", "an id like inferred-1"), ("copy", "duplicate of something else"), ("share", "share -0.5"),
    ("component", "contains beside the tree"), ("far", "has no distance"),
  ])
  func everyViolationIsNamed(_ kind: String, _ message: String) {
    var graph = Self.sound
    switch kind {
    case "twice": graph.nodes[2].id = "a"
    case "long": graph.nodes[2].id = String(repeating: "x", count: 1 << 15)
    case "empty": graph.nodes[2].id = ""
    case "family": graph.nodes[2].family = .max
    case "negative": graph.nodes[2].family = -1
    case "parents": graph.edges.append(Self.edge(0, 2)); graph.edges.swapAt(1, 2)
    case "loop": graph.edges[1].source = 2
    case "end": graph.edges[1].source = 3
    case "support": graph.edges[1].support = 1e18
    case "nan": graph.edges[1].support = .nan
    case "direction": graph.edges[1].directionSupport = 1e300
    case "distance": graph.edges[1].distance = -1
    case "infinite": graph.edges[1].distance = .infinity
    case "families": graph.nodes[1].family = 1
    case "inferred": graph.nodes[0].origin = .inferred(support: 1)
    case "copy": graph.nodes[2].model?.duplicateOf = 2
    case "share": graph.edges[1].share = -0.5
    case "component": graph.edges[1].relation = .contains
    default: graph.edges[1].distance = nil
    }
    let found = graph.violation()?.description ?? "none"
    #expect(found.contains(message), "\(found)")
  }

  @Test func anIdThatLooksTheSameIsAnother() {
    let graph = ModelGraph(nodes: [Self.node("\u{e9}"), Self.node("e\u{301}")], edges: [Self.edge(0, 1)])
    #expect(graph.violation() == nil)
  }

  @Test func aChainOfThirtyThousandIsSound() {
    let n = 30_000
    let graph = ModelGraph(
      nodes: (0..<n).map { Self.node("\($0)") }, edges: (1..<n).map { Self.edge($0, $0 - 1) })
    #expect(graph.violation() == nil)
  }

  @Test func declaredBasesAreComparedWithTheTree() {
    var graph = Self.sound
    graph.nodes.append(Self.node("org/D"))
    graph.nodes.append(Self.node("inferred-1"))
    graph.nodes[4].origin = .inferred(support: 1)
    graph.compare(declared: ["b": "a", "c": "someone/A", "org/D": "elsewhere", "a": "hub/d", "inferred-1": "a"])
    let found = graph.nodes.map { $0.model?.declaration }
    #expect(found[1] == .init(base: "a", model: 0, agreement: .agrees))
    #expect(found[2] == .init(base: "someone/A", model: 0, agreement: .ancestor))
    #expect(found[3] == .init(base: "elsewhere"))
    #expect(found[0] == .init(base: "hub/d", model: 3, agreement: .contradicts))
    #expect(found[4] == nil)
  }
}
