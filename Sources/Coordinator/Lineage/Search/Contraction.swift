/// The cycles of cheapest edges of a graph, contracted one inside the other, from which the arborescence of least cost
/// can be read for any root in O(n).
///
/// Chu-Liu/Edmonds in Tarjan's (1977) form with the path growing of Gabow, Galil, Spencer and Tarjan (1986). Contraction
/// does not depend on the root, which only decides where the contracted cycles are opened (Camerini, Fratta and
/// Maffioli 1979).
package struct Contraction: Sendable {
  /// Contracted nodes are numbered from n on.
  private let n: Int
  private let members: [[Int]]
  private let enclosing: [Int?]
  private let entry: [Entry?]

  /// The edge by which a component is entered; without a source, its head is a root.
  fileprivate struct Entry {
    var source: Int?
    var head: Int
  }

  init(_ edges: some EnteringEdges) {
    var growth = Growth(edges)
    growth.run()
    n = growth.n
    members = growth.members
    enclosing = growth.enclosing
    entry = growth.entry
  }

  /// The arborescence of least cost; a forest with as few roots as possible where no root reaches everything.
  ///
  /// - Returns: the parent of each node, nil for roots.
  package func parents() -> [Int?] { expanded(entry) }

  /// The same with a given root in place of the best one, all other roots as they are.
  ///
  /// - Returns: nil where the root does not reach what the best one does.
  package func parents(root: Int) -> [Int?]? {
    var outermost = root
    while let outer = enclosing[outermost] { outermost = outer }
    guard let own = entry[outermost], own.source == nil else { return nil }
    var entry = entry
    entry[outermost] = Entry(source: nil, head: root)
    return expanded(entry)
  }

  /// From the outside in: the edge that enters a component replaces the cycle's edge into the
  /// member at which it ends.
  private func expanded(_ entry: [Entry?]) -> [Int?] {
    var parents: [Int?] = Array(repeating: nil, count: n)
    var open = enclosing.indices.filter { enclosing[$0] == nil }
    while let c = open.popLast() {
      guard let own = entry[c] else { continue }
      parents[own.head] = own.source
      var inner = own.head
      while inner != c, let outer = enclosing[inner] {
        open += members[outer].filter { $0 != inner }
        inner = outer
      }
    }
    return parents
  }
}

/// Edges by the component that they enter, as path growing uses them up.
protocol EnteringEdges {
  /// Nodes; components are numbered from there on in the order in which they are made.
  var n: Int { get }

  /// The cheapest edge that enters a component from outside; of several, the one from the lowest node.
  mutating func cheapest(into component: Int, _ partition: Partition) -> EnteringEdge?

  /// Makes the next component of the members of a cycle. Their edges cost less by what each of them paid.
  ///
  /// - Parameter cycle: ascending.
  mutating func contract(_ cycle: [(member: Int, paid: Double)])
}

struct EnteringEdge {
  var source: Int
  /// The node inside the component at which the edge ends.
  var head: Int
  /// Less what was paid inside.
  var cost: Double
}

/// The search for the cycles.
private struct Growth<Edges: EnteringEdges> {
  let n: Int
  private var edges: Edges
  private var partition: Partition
  /// Cost of the virtual root's edge into a component, and the node it ends at. It is taken only when
  /// nothing else leads into it, so it never competes with real edges.
  private var rootCost: [Double]
  private var rootHead: [Int]
  /// What each component's entry costs.
  private var paid: [Double]
  var members: [[Int]]
  var enclosing: [Int?]
  var entry: [Contraction.Entry?]
  private var closed: [Bool]
  /// Is or was it on the growing path? What was on it is closed or contracted by now, and is not met again.
  private var onPath: [Bool]

  init(_ edges: Edges) {
    n = edges.n
    self.edges = edges
    partition = Partition(n)
    rootCost = Array(repeating: 0, count: n)
    rootHead = Array(0..<n)
    paid = rootCost
    members = Array(repeating: [], count: n)
    enclosing = Array(repeating: nil, count: n)
    entry = Array(repeating: nil, count: n)
    closed = Array(repeating: false, count: n)
    onPath = closed
  }

  mutating func run() {
    for start in 0..<n where !closed[partition.component(of: start)] { grow(from: partition.component(of: start)) }
  }

  /// Follows cheapest entering edges backwards, contracting cycles, until the virtual root or a
  /// finished part is met.
  private mutating func grow(from start: Int) {
    var path = [start]
    onPath[start] = true
    while let c = path.last {
      guard let edge = edges.cheapest(into: c, partition) else {
        entry[c] = Contraction.Entry(source: nil, head: rootHead[c])
        break
      }
      entry[c] = Contraction.Entry(source: edge.source, head: edge.head)
      paid[c] = edge.cost
      let d = partition.component(of: edge.source)
      if closed[d] { break }
      if !onPath[d] {
        onPath[d] = true
        path.append(d)
        continue
      }
      guard let first = path.lastIndex(of: d) else { break }
      let cycle = Array(path[first...])
      path.removeLast(cycle.count)
      path.append(contract(cycle))
    }
    for c in path { closed[c] = true }
  }

  private mutating func contract(_ cycle: [Int]) -> Int {
    let merged = members.count
    var fromRoot = Double.infinity
    var fromRootHead = 0
    // Members by index of their heads' nodes, so that ties do not depend on the path taken.
    let sorted = cycle.sorted()
    for c in sorted {
      if rootCost[c] - paid[c] < fromRoot {
        fromRoot = rootCost[c] - paid[c]
        fromRootHead = rootHead[c]
      }
      enclosing[c] = merged
    }
    edges.contract(sorted.map { ($0, paid[$0]) })
    partition.join(cycle, as: merged)
    rootCost.append(fromRoot)
    rootHead.append(fromRootHead)
    paid.append(0)
    members.append(cycle)
    enclosing.append(nil)
    entry.append(nil)
    closed.append(false)
    onPath.append(true)
    return merged
  }
}

/// The outermost component that each node is in.
struct Partition {
  /// Per node; equal in one component.
  private(set) var labels: [Int32]
  /// By label.
  private var components: [Int]
  private var nodes: [[Int32]]
  /// By component.
  private var label: [Int32]

  init(_ n: Int) {
    labels = (0..<n).map(Int32.init)
    components = Array(0..<n)
    nodes = labels.map { [$0] }
    label = labels
  }

  func component(of node: Int) -> Int { components[Int(labels[node])] }

  func label(of component: Int) -> Int32 { label[component] }

  /// Makes one component of several; the nodes of the largest keep their label.
  mutating func join(_ parts: [Int], as whole: Int) {
    let largest = parts.max { nodes[Int(label[$0])].count < nodes[Int(label[$1])].count }
    let kept = label[largest ?? parts[0]]
    for part in parts where label[part] != kept {
      for node in nodes[Int(label[part])] { labels[Int(node)] = kept }
      nodes[Int(kept)] += nodes[Int(label[part])]
      nodes[Int(label[part])] = []
    }
    components[Int(kept)] = whole
    label.append(kept)
  }
}
