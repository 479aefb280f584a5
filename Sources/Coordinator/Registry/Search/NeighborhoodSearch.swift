package import Core
internal import Dispatch
internal import Fingerprints
internal import Lineage
internal import Synchronization
package import System

/// Divides models that are too many to compare all pairs into blocks of near ones, by their fingerprints.
///
/// Blocks follow the tree of shortest distances, walked from the first model on and cut into runs of equal length. Beside
/// them, every block has guests: the nearest models of each of its own, wherever they are. So each model is compared
/// with its nearest ones, the models between which a family has its ancestors are those that most have for guests, and
/// the pairs that are compared connect all models.
package struct NeighborhoodSearch: Sendable {
  /// Fixed in the program, so that the outcome does not depend on the machine.
  package struct Bounds: Sendable {
    /// Up to so many models, all pairs are compared.
    package var whole: Int
    /// Models of a block at most, without its guests; and guests of a block at most.
    package var block: Int
    /// Each model is compared with so many of its nearest ones.
    package var nearest: Int

    package init(whole: Int = 400, block: Int = 200, nearest: Int = 32) {
      self.whole = whole
      self.block = block
      self.nearest = nearest
    }
  }

  private let bounds: Bounds
  private let estimates: PairEstimates

  /// - Parameter models: by number, ascending.
  /// - Returns: of these numbers; nil where it is better to compare all pairs.
  /// - Throws: `Failure` (bad input) when a fingerprint is damaged.
  package static func run(
    _ known: KnownModels, _ models: [Int], bounds: Bounds = Bounds()
  ) throws(Failure) -> PairCover? {
    guard models.count > bounds.whole else { return nil }
    let found = NeighborhoodSearch(estimates: try estimates(known, models), bounds: bounds).cover()
    return found?.renumbered { models[$0] }
  }

  /// - Parameter estimates: of the models to be divided; NaN counts as farther than everything else.
  package init(estimates: PairEstimates, bounds: Bounds) {
    self.estimates = estimates
    self.bounds = bounds
  }

  /// How far apart all models are, by the samples of their linear maps: as `recover` measures those that are no near
  /// relatives.
  private static func estimates(_ known: KnownModels, _ models: [Int]) throws(Failure) -> PairEstimates {
    var fingerprints: [[FingerprintTensor]] = []
    for number in models {
      guard let model = known.models[number] else {
        fingerprints.append([])
        continue
      }
      fingerprints.append(try known.fingerprint(model).tensors)
    }
    let linear = fingerprints.map { $0.filter { $0.role == .linear } }
    let chosen = linear.allSatisfy(\.isEmpty) ? fingerprints : linear
    var sums = DistanceSums(.auto, models: models.count)
    FingerprintSums.each(chosen, models: Array(models.indices)) { tensor in
      var tensor = tensor
      tensor.independentNoise = tensor.noise.map { LineageProblem.independentNoise($0) }
      sums.add(TensorView(tensor))
    }
    return PairEstimates(sums.matrix)
  }

  /// - Returns: nil where blocks with their guests are more work than half of all pairs.
  package func cover() -> PairCover? {
    let n = estimates.n
    let near = nearest()
    let above = shortestTree()
    let common = wanted(near)
    var blocks: [PairCover.Block] = []
    for own in self.blocks(above) {
      blocks.append(.init(own: own, guests: guests(of: own, near, above, common).sorted()))
    }
    let work = blocks.reduce(0) { $0 + PairIndex($1.members.count).count }
    guard blocks.count > 1, 2 * work < PairIndex(n).count else { return nil }
    let company = Company(blocks, n)
    var leftOut: [Int: PairCover.Near] = [:]
    var compared: [Int: [PairCover.Near]] = [:]
    for model in 0..<n {
      leftOut[model] = nearestLeftOut(model, company)
      compared[model] = near[model].prefix(Self.kept).filter { company.has(model, $0) }.map {
        PairCover.Near(model: $0, distance: Double(distance(model, $0)))
      }
    }
    let fewest = (0..<n).map { model in
      near[model].firstIndex { !company.has(model, $0) } ?? near[model].count
    }
    return PairCover(
      blocks: blocks, nearest: fewest.min() ?? 0, pairs: company.pairs, leftOut: leftOut, compared: compared)
  }

  /// Of the nearest of each model, as many say how far off samples are.
  private static let kept = 4

  /// One of which nothing is known may be as near as can be.
  private func nearestLeftOut(_ model: Int, _ company: Company) -> PairCover.Near? {
    var nearest: PairCover.Near?
    for other in 0..<estimates.n where other != model && !company.has(model, other) {
      let estimate = estimates[model, other]
      let distance = estimate.isNaN ? 0 : Double(estimate)
      if distance < nearest?.distance ?? .infinity { nearest = .init(model: other, distance: distance) }
    }
    return nearest
  }

  /// The nearest models of each, nearest first; none of which nothing is known.
  private func nearest() -> [[Int]] {
    let found = Mutex<[Int: [Int]]>([:])
    DispatchQueue.concurrentPerform(iterations: estimates.n) { model in
      let known = (0..<estimates.n).filter { $0 != model && distance(model, $0) < .infinity }
      let near = Nearest.models(bounds.nearest, of: known) { Double(distance(model, $0)) }
      found.withLock { $0[model] = near }
    }
    return found.withLock { near in (0..<estimates.n).map { near[$0] ?? [] } }
  }

  private func distance(_ i: Int, _ j: Int) -> Float {
    let distance = estimates[i, j]
    return distance.isNaN ? .infinity : distance
  }

  /// The tree of shortest distances (Prim), from the first model on: what is above each model there; nil of the first.
  private func shortestTree() -> [Int?] {
    let n = estimates.n
    var above: [Int?] = Array(repeating: nil, count: n)
    var isIn = Array(repeating: false, count: n)
    var nearest = Array(repeating: 0, count: n)
    var least = (0..<n).map { distance(0, $0) }
    isIn[0] = true
    for _ in 1..<max(1, n) {
      var next = -1
      for model in 0..<n where !isIn[model] && (next < 0 || least[model] < least[next]) { next = model }
      isIn[next] = true
      above[next] = nearest[next]
      for model in 0..<n where !isIn[model] {
        let other = distance(next, model)
        if other < least[model] { (least[model], nearest[model]) = (other, next) }
      }
    }
    return above
  }

  /// Runs of equal length of a walk through the tree, each model after what is above it; ascending in each.
  private func blocks(_ above: [Int?]) -> [[Int]] {
    var below = above.map { _ in [Int]() }
    for (model, top) in above.enumerated() { if let top { below[top].append(model) } }
    var walk: [Int] = []
    var open = [0]
    while let model = open.popLast() {
      walk.append(model)
      open += below[model].reversed()
    }
    let count = (walk.count + bounds.block - 1) / bounds.block
    return (0..<count).map { part in
      walk[part * walk.count / count..<(part + 1) * walk.count / count].sorted()
    }
  }

  /// Those that are among the nearest of most others: where the roots of blocks are, they are.
  private func wanted(_ near: [[Int]]) -> [Int] {
    var counts = Array(repeating: 0, count: near.count)
    for other in near.joined() { counts[other] += 1 }
    return Array(counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }.prefix(bounds.nearest / 2))
  }

  /// The nearest models of a block's own that it does not have itself. Those above its own come first: they connect the
  /// blocks, and a model with very many below it need not have them all in its own block. Next are those that every block
  /// has, so that the trees of blocks have models in common. Then come those that are the
  /// nearest of some model, the second nearest, and so on.
  private func guests(of block: [Int], _ near: [[Int]], _ above: [Int?], _ common: [Int]) -> [Int] {
    let own = Set(block)
    var ranks: [Int: Int] = [:]
    for other in common where !own.contains(other) { ranks[other] = -1 }
    for model in block {
      if let top = above[model], !own.contains(top) { ranks[top] = -1 }
      for (rank, other) in near[model].enumerated() where !own.contains(other) {
        ranks[other] = min(ranks[other] ?? .max, rank)
      }
    }
    return ranks.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(bounds.block).map(\.key)
  }
}

/// Which models have a block in common.
private struct Company {
  /// By `PairIndex`.
  private var areTogether: [Bool]
  private let index: PairIndex

  init(_ blocks: [PairCover.Block], _ n: Int) {
    index = PairIndex(n)
    areTogether = Array(repeating: false, count: index.count)
    for block in blocks {
      let members = block.members
      PairIndex(members.count).forEach { _, a, b in areTogether[index(members[a], members[b])] = true }
    }
  }

  func has(_ i: Int, _ j: Int) -> Bool { areTogether[index(min(i, j), max(i, j))] }

  var pairs: Int { areTogether.count { $0 } }
}
