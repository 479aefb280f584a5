/// The edges of a sparse graph: O(m log m) for m edges in all.
///
/// A leftist heap for each component (Crane 1972), in which changes of cost wait at the top of what they concern. An edge
/// is in its place by a bound until it is the first; then its cost is asked for, and it goes where it belongs.
struct HeapedEdges: EnteringEdges {
  private struct Edge {
    /// Less what was paid; of what is not known yet, the bound.
    var cost: Double
    /// What was paid, less than 0.
    var change = 0.0
    /// Its entry in the matrix; negative once the cost is known.
    var place: Int32
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
  private let exact: (_ place: Int) -> Double

  /// - Parameters:
  ///   - bounds: no cost is below its bound; NaN or infinite: no such edge.
  ///   - exact: the cost by the place of its entry; NaN or infinite: no such edge.
  init(_ bounds: SparseMatrix, exact: @escaping (_ place: Int) -> Double) {
    n = bounds.n
    self.exact = exact
    tops = Array(repeating: -1, count: n)
    edges.reserveCapacity(bounds.values.count)
    let pattern = bounds.pattern
    for head in 0..<n {
      for place in pattern.starts[head]..<pattern.starts[head + 1] where bounds.values[place] < .infinity {
        edges.append(
          Edge(cost: bounds.values[place], place: Int32(place), source: pattern.rows[place], head: Int32(head)))
        tops[head] = meld(tops[head], Int32(edges.count - 1))
      }
    }
  }

  mutating func cheapest(into component: Int, _ partition: Partition) -> EnteringEdge? {
    let own = partition.label(of: component)
    while tops[component] >= 0 {
      let place = tops[component]
      let top = edges[Int(place)]
      let isInside = partition.labels[Int(top.source)] == own
      if !isInside, top.place < 0 {
        return EnteringEdge(source: Int(top.source), head: Int(top.head), cost: top.cost)
      }
      open(Int(place))
      tops[component] = meld(top.left, top.right)
      if !isInside { tops[component] = meld(tops[component], settled(place)) }
    }
    return nil
  }

  /// An edge that was taken out of its heap, with its cost in place of the bound: a heap of its own, or none.
  private mutating func settled(_ edge: Int32) -> Int32 {
    let known = edges[Int(edge)]
    let cost = exact(Int(known.place))
    guard cost < .infinity else { return -1 }
    edges[Int(edge)] = Edge(
      cost: cost + known.change, change: known.change, place: -1, source: known.source, head: known.head)
    return edge
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
    edges[Int(heap)].change += change
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
