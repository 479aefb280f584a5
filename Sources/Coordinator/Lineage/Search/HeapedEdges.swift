/// The edges of a sparse graph: O(m log m) for m edges in all.
///
/// A leftist heap for each component (Crane 1972), in which changes of cost wait at the top of what they concern.
struct HeapedEdges: EnteringEdges {
  private struct Edge {
    var cost: Double
    /// Added to the costs of the whole heap below, once it is opened.
    var waiting = 0.0
    var source: Int32
    var head: Int32
    /// Places of edges; negative: none.
    var left: Int32 = -1
    var right: Int32 = -1
    /// Edges on the way down to the right.
    var rank: Int32 = 1
  }

  let n: Int
  private var edges: [Edge] = []
  /// By component; negative where it has no edge.
  private var tops: [Int32]

  /// - Parameter cost: NaN or infinite: no such edge.
  init(_ cost: SparseMatrix) {
    n = cost.n
    tops = Array(repeating: -1, count: n)
    edges.reserveCapacity(cost.values.count)
    let pattern = cost.pattern
    for head in 0..<n {
      for place in pattern.starts[head]..<pattern.starts[head + 1] where cost.values[place] < .infinity {
        edges.append(Edge(cost: cost.values[place], source: pattern.rows[place], head: Int32(head)))
        tops[head] = meld(tops[head], Int32(edges.count - 1))
      }
    }
  }

  mutating func cheapest(into component: Int, _ partition: Partition) -> EnteringEdge? {
    let own = partition.label(of: component)
    while tops[component] >= 0 {
      let top = edges[Int(tops[component])]
      if partition.labels[Int(top.source)] != own {
        return EnteringEdge(source: Int(top.source), head: Int(top.head), cost: top.cost)
      }
      open(Int(tops[component]))
      tops[component] = meld(top.left, top.right)
    }
    return nil
  }

  mutating func contract(_ cycle: [(member: Int, paid: Double)]) {
    var whole: Int32 = -1
    for (member, paid) in cycle {
      add(-paid, to: tops[member])
      whole = meld(whole, tops[member])
      tops[member] = -1
    }
    tops.append(whole)
  }

  private mutating func add(_ change: Double, to heap: Int32) {
    guard heap >= 0 else { return }
    edges[Int(heap)].cost += change
    edges[Int(heap)].waiting += change
  }

  /// Hands what waits at an edge on to the heaps below it.
  private mutating func open(_ edge: Int) {
    let waiting = edges[edge].waiting
    guard waiting != 0 else { return }
    edges[edge].waiting = 0
    add(waiting, to: edges[edge].left)
    add(waiting, to: edges[edge].right)
  }

  private func isBefore(_ a: Int32, _ b: Int32) -> Bool {
    let (x, y) = (edges[Int(a)], edges[Int(b)])
    return (x.cost, x.source, x.head) < (y.cost, y.source, y.head)
  }

  private func rank(_ edge: Int32) -> Int32 { edge < 0 ? 0 : edges[Int(edge)].rank }

  /// One heap of two. Goes down to the right, which is never far.
  private mutating func meld(_ a: Int32, _ b: Int32) -> Int32 {
    guard a >= 0 else { return b }
    guard b >= 0 else { return a }
    let (top, other) = isBefore(b, a) ? (b, a) : (a, b)
    let place = Int(top)
    open(place)
    let below = meld(edges[place].right, other)
    let left = edges[place].left
    if rank(left) < rank(below) {
      edges[place].left = below
      edges[place].right = left
    } else {
      edges[place].right = below
    }
    edges[place].rank = rank(edges[place].right) + 1
    return top
  }
}
