/// Places the nodes of a tree side by side as closely as possible: parents are centered over their children, equal
/// subtrees are drawn equally, and nothing overlaps.
///
/// These are Reingold and Tilford's tidy trees with nodes of any extent, in O(n): A. van der Ploeg, "Drawing
/// non-layered tidy trees in linear time" (2014), which contains Walker's and Buchheim's layered form
/// as the case of equal extents. Names are those of the paper's code.
struct TidyTree {
  private let children: [[Int]]
  private let breadth: Double
  /// Where each node ends along the direction of growth.
  private let end: [Double]

  private var prelim: [Double]
  private var mod: [Double]
  private var shift: [Double]
  private var change: [Double]
  private var leftThread: [Int?]
  private var rightThread: [Int?]
  /// Extreme nodes of each subtree, and the sums of modifiers there.
  private var extremeLeft: [Int]
  private var extremeRight: [Int]
  private var sumLeft: [Double]
  private var sumRight: [Double]

  /// - Parameters:
  ///   - order: the nodes of one tree, parents before children.
  ///   - breadth: space that a node needs across the direction of growth.
  ///   - end: per node, greater than its parent's.
  /// - Returns: the center of each node across the direction of growth, the smallest 0; 0 for nodes
  ///   that are not in `order`.
  static func centres(order: [Int], children: [[Int]], breadth: Double, end: [Double]) -> [Double] {
    var tree = TidyTree(children: children, breadth: breadth, end: end)
    for node in order.reversed() { tree.firstWalk(node) }
    return tree.secondWalk(order)
  }

  private init(children: [[Int]], breadth: Double, end: [Double]) {
    self.children = children
    self.breadth = breadth
    self.end = end
    let n = children.count
    prelim = Array(repeating: 0, count: n)
    (mod, shift, change, sumLeft, sumRight) = (prelim, prelim, prelim, prelim, prelim)
    leftThread = Array(repeating: nil, count: n)
    rightThread = leftThread
    extremeLeft = Array(0..<n)
    extremeRight = extremeLeft
  }

  /// Earlier siblings by the lowest point of their contours: shows which of them a later one would collide with.
  private struct Lowest {
    var low: Double
    var index: Int
  }

  private mutating func firstWalk(_ t: Int) {
    let below = children[t]
    guard let first = below.first, let last = below.last else { return }
    var stack = [Lowest(low: end[extremeLeft[first]], index: 0)]
    for i in below.indices.dropFirst() {
      let low = end[extremeRight[below[i]]]
      separate(t, i, stack)
      while let top = stack.last, low >= top.low { stack.removeLast() }
      stack.append(Lowest(low: low, index: i))
    }
    prelim[t] = (prelim[first] + mod[first] + mod[last] + prelim[last]) / 2
    extremeLeft[t] = extremeLeft[first]
    sumLeft[t] = sumLeft[first]
    extremeRight[t] = extremeRight[last]
    sumRight[t] = sumRight[last]
  }

  /// Moves child i along the contours until it overlaps none of the earlier children.
  private mutating func separate(_ t: Int, _ i: Int, _ stack: [Lowest]) {
    let below = children[t]
    var right: Int? = below[i - 1]
    var left: Int? = below[i]
    var sumOfRight = mod[below[i - 1]]
    var sumOfLeft = mod[below[i]]
    var top = stack.count - 1
    while let r = right, let l = left {
      while top > 0, end[r] > stack[top].low { top -= 1 }
      let distance = sumOfRight + prelim[r] + breadth - (sumOfLeft + prelim[l])
      if distance > 0 {
        sumOfLeft += distance
        move(t, i, stack[top].index, distance)
      }
      if end[r] <= end[l] {
        right = children[r].last ?? rightThread[r]
        if let next = right { sumOfRight += mod[next] }
      }
      if end[r] >= end[l] {
        left = children[l].first ?? leftThread[l]
        if let next = left { sumOfLeft += mod[next] }
      }
    }
    if right == nil, let left {
      setLeftThread(t, i, left, sumOfLeft)
    } else if left == nil, let right {
      setRightThread(t, i, right, sumOfRight)
    }
  }

  private mutating func move(_ t: Int, _ i: Int, _ from: Int, _ distance: Double) {
    let moved = children[t][i]
    mod[moved] += distance
    sumLeft[moved] += distance
    sumRight[moved] += distance
    // The space that this opens is shared among the children in between.
    guard from != i - 1 else { return }
    let share = distance / Double(i - from)
    shift[children[t][from + 1]] += share
    shift[moved] -= share
    change[moved] -= distance - share
  }

  private mutating func setLeftThread(_ t: Int, _ i: Int, _ contour: Int, _ sum: Double) {
    let (first, current) = (children[t][0], children[t][i])
    let extreme = extremeLeft[first]
    leftThread[extreme] = contour
    let difference = sum - mod[contour] - sumLeft[first]
    mod[extreme] += difference
    prelim[extreme] -= difference
    extremeLeft[first] = extremeLeft[current]
    sumLeft[first] = sumLeft[current]
  }

  private mutating func setRightThread(_ t: Int, _ i: Int, _ contour: Int, _ sum: Double) {
    let (before, current) = (children[t][i - 1], children[t][i])
    let extreme = extremeRight[current]
    rightThread[extreme] = contour
    let difference = sum - mod[contour] - sumRight[current]
    mod[extreme] += difference
    prelim[extreme] -= difference
    extremeRight[current] = extremeRight[before]
    sumRight[current] = sumRight[before]
  }

  private mutating func secondWalk(_ order: [Int]) -> [Double] {
    var centre = Array(repeating: 0.0, count: children.count)
    var sum = centre
    for t in order {
      sum[t] += mod[t]
      centre[t] = prelim[t] + sum[t]
      var (step, total) = (0.0, 0.0)
      for child in children[t] {
        step += shift[child]
        total += step + change[child]
        mod[child] += total
        sum[child] = sum[t]
      }
    }
    let least = order.map { centre[$0] }.min() ?? 0
    for t in order { centre[t] -= least }
    return centre
  }
}
