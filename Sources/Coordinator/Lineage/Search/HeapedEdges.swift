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
    let (pattern, values) = (bounds.pattern, bounds.values)
    for head in 0..<n {
      let places = (pattern.starts[head]..<pattern.starts[head + 1]).filter { values[$0] < .infinity }
        .sorted { (values[$0], $0) < (values[$1], $1) }
      guard !places.isEmpty else { continue }
      // In order they are a heap, each edge below the one before.
      tops[head] = Int32(edges.count)
      for place in places {
        edges.append(
          Edge(
            cost: values[place], place: Int32(place), source: pattern.rows[place], head: Int32(head),
            left: Int32(edges.count + 1)))
      }
      edges[edges.count - 1].left = -1
    }
  }

  mutating func cheapest(into component: Int, _ partition: Partition) -> EnteringEdge? {
    let own = partition.label(of: component)
    var top = tops[component]
    defer { tops[component] = top }
    return withHeaps { heaps, exact in
      while top >= 0 {
        let first = heaps[top]
        let isInside = partition.labels[Int(first.source)] == own
        if !isInside, first.place < 0 {
          return EnteringEdge(source: Int(first.source), head: Int(first.head), cost: first.cost)
        }
        heaps.open(top)
        let rest = heaps.meld(first.left, first.right)
        top = isInside ? rest : heaps.meld(rest, heaps.settle(top, exact))
      }
      return nil
    }
  }

  mutating func contract(_ cycle: [(member: Int, paid: Double)]) {
    let members = cycle.map { (top: tops[$0.member], paid: $0.paid) }
    for (member, _) in cycle { tops[member] = -1 }
    let whole = withHeaps { heaps, _ in
      var whole: Int32 = -1
      for (top, paid) in members {
        heaps.add(-paid, to: top)
        whole = heaps.meld(whole, top)
      }
      return whole
    }
    tops.append(whole)
  }

  private mutating func withHeaps<T>(_ body: (Heaps, _ exact: (_ place: Int) -> Double) -> T) -> T {
    let exact = exact
    return edges.withUnsafeMutableBufferPointer { body(Heaps(edges: $0), exact) }
  }

  /// The edges of all heaps while some are changed: most of the time of a search goes here.
  private struct Heaps {
    let edges: UnsafeMutableBufferPointer<Edge>

    subscript(edge: Int32) -> Edge {
      get { edges[Int(edge)] }
      nonmutating set { edges[Int(edge)] = newValue }
    }

    func add(_ change: Double, to heap: Int32) {
      guard heap >= 0 else { return }
      edges[Int(heap)].cost += change
      edges[Int(heap)].change += change
      edges[Int(heap)].waiting += change
    }

    /// Hands what waits at an edge on to the heaps below it.
    func open(_ edge: Int32) {
      let waiting = edges[Int(edge)].waiting
      guard waiting != 0 else { return }
      edges[Int(edge)].waiting = 0
      add(waiting, to: edges[Int(edge)].left)
      add(waiting, to: edges[Int(edge)].right)
    }

    /// Gives an edge that was taken out of its heap its cost in place of the bound.
    ///
    /// - Returns: a heap of its own; negative where there is no such edge.
    func settle(_ edge: Int32, _ exact: (_ place: Int) -> Double) -> Int32 {
      let known = self[edge]
      let cost = exact(Int(known.place))
      guard cost < .infinity else { return -1 }
      self[edge] = Edge(
        cost: cost + known.change, change: known.change, place: -1, source: known.source, head: known.head)
      return edge
    }

    private func isBefore(_ a: Int32, _ b: Int32) -> Bool {
      let (x, y) = (edges[Int(a)].cost, edges[Int(b)].cost)
      if x != y { return x < y }
      return (edges[Int(a)].source, edges[Int(a)].head) < (edges[Int(b)].source, edges[Int(b)].head)
    }

    private func rank(_ edge: Int32) -> Int32 { edge < 0 ? 0 : edges[Int(edge)].rank }

    /// One heap of two. Goes down to the right, which is never far.
    func meld(_ a: Int32, _ b: Int32) -> Int32 {
      guard a >= 0 else { return b }
      guard b >= 0 else { return a }
      let (top, other) = isBefore(b, a) ? (b, a) : (a, b)
      let place = Int(top)
      open(top)
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
}
