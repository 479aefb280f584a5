internal import Core

/// Finds the models of a family that were put together from others.
///
/// Two to four parents are tried in all combinations of the nearest relatives, more by least squares with shares that
/// are not negative. What fits is so near, tensor after tensor, that no training explains it; what remains open is which
/// of the models in question was made last. A mean lies between all others; of other combinations it is the one with
/// the smallest shares, or the one that all its parents precede by the evidence of the order.
struct MergeSearch {
  private let evidence: SquareMatrix
  private let owns: [Neighborhoods.Own]

  /// A combination that is solved for one of its parts has larger shares: none is above 1 in the last one made. Where the
  /// largest is nearly 1, the evidence of the order must agree.
  private static let largestShare = 1.1
  private static let clearShare = 0.85
  /// Of sums of task vectors on a base that precedes all others, which leave nothing else open.
  private static let largestTask = 1.6
  private static let largestSize = 4.5
  /// Factor on the size of combinations with negative shares whose order nothing speaks for.
  private static let outOfOrder = 1.7
  /// Nats from which on a model precedes another: a base that equals one child here and another there is no stack of
  /// its children's layers.
  private static let precedes = 3.0
  private static let precedesWithFrozen = 1.0
  /// What one more parent must improve a misfit by.
  private static let costOfParent = 0.01
  private static let costOfSigns = 0.005
  /// Of combinations whose misfits differ by less, the one with the parents that are farthest apart counts: means of the
  /// same parents lie between these.
  private static let tie = 0.0015
  /// Of two misfits; and those that may be errors of the sums.
  private static let muchBetter = 1.0 / 3
  private static let exact = 2e-4
  private static let mostParents = 8
  private static let mostSteps = 400
  /// Relatives of which all sets of four are tried.
  private static let nearestOfFour = 12

  /// - Parameters:
  ///   - members: models that may be merges.
  ///   - evidence: n x n, of the row's model coming before the column's.
  init(_ neighborhoods: Neighborhoods, members: [Int], evidence: SquareMatrix) {
    let members = Set(members)
    owns = neighborhoods.owns.filter { members.contains($0.model) }
    self.evidence = evidence
  }

  struct Found: Sendable {
    let merge: Merge
    /// All that take part, those with negative shares too.
    let all: [Int]
    /// Smaller ones were made last.
    let size: Double
  }

  func run() -> [Merge] {
    let owns = owns
    let found = ofFew()
    let merged = Set(found.map(\.merge.child))
    let open = owns.filter { !merged.contains($0.model) }
    var kept = found.map { ofOriginals($0, merged) }
    kept = chosen(Parallel.map(open.count) { ofMany(open[$0], without: merged) }.compactMap { $0 }, kept)
    kept = chosen(SparseMerges(owns, evidence: evidence).run(without: Set(kept.map(\.merge.child))), kept)
    return kept.map(\.merge).sorted { $0.child < $1.child }
  }

  /// The merges among those that were found, the surest first: none that its own parts come from.
  private func chosen(_ found: [Found], _ known: [Found] = []) -> [Found] {
    var kept = known
    func comesFrom(_ model: Int, _ other: Int) -> Bool {
      guard let own = kept.first(where: { $0.merge.child == model }) else { return false }
      return own.all.contains { $0 == other || comesFrom($0, other) }
    }
    for one in found.sorted(by: { ($0.size, $0.merge.misfit) < ($1.size, $1.merge.misfit) })
    where !one.all.contains(where: { comesFrom($0, one.merge.child) }) {
      kept.append(one)
    }
    return kept
  }

  // MARK: Two to four parents

  /// The merges of two to four parents. A model whose best combination has parts that come from it is tried again
  /// without the merges that are known by then.
  private func ofFew() -> [Found] {
    var kept: [Found] = []
    var open = owns
    while !open.isEmpty {
      let merged = Set(kept.map(\.merge.child))
      let tried = open
      let few = Parallel.map(tried.count) { ofFew(tried[$0]) { !merged.contains($0) } }
      let more = chosen(few.compactMap { $0 }, kept)
      guard more.count > kept.count else { break }
      kept = more
      let known = Set(kept.map(\.merge.child))
      open = zip(tried, few).filter { $1 != nil && !known.contains($0.model) }.map(\.0)
    }
    return kept
  }

  /// Of combinations that need no more parents, the one without other merges: those are combinations of the same
  /// parents, and so come nearer to a spherical mean than its parents do.
  private func ofOriginals(_ found: Found, _ merged: Set<Int>) -> Found {
    let known = found.all.count { merged.contains($0) }
    guard known > 0, let own = owns.first(where: { $0.model == found.merge.child }),
      let other = ofFew(own, { !merged.contains($0) })
    else { return found }
    // One parent more where two of them were merges themselves, or where the merge fits by and large only.
    let isBetter =
      known > 1 || found.merge.misfit > Self.exact && other.merge.misfit < Self.muchBetter * found.merge.misfit
    return other.all.count <= found.all.count + (isBetter ? 1 : 0) ? other : found
  }

  private func ofFew(_ own: Neighborhoods.Own, _ isUsed: (Int) -> Bool) -> Found? {
    guard let problem = Combination.Problem(own) else { return nil }
    var best: Combination?
    let places = own.near.indices.filter { isUsed(own.near[$0]) }.map { $0 + 1 }
    for count in 2...4 where count <= places.count {
      if let best, best.misfit < Self.tie { break }
      let tried = count < 4 ? places : Array(places.prefix(Self.nearestOfFour))
      Self.forEachSubset(of: tried, count: count) { subset in
        guard let fit = Self.fit(problem, Self.centered(subset, problem)), found(own, fit) != nil else { return }
        if best.map({ Self.isBetter(fit, than: $0) }) ?? true { best = fit }
      }
    }
    return best.flatMap { found(own, $0) }
  }

  /// The better one of a plane and an arc.
  private static func fit(_ problem: Combination.Problem, _ members: [Int]) -> Combination? {
    let flat = Combination(problem, members)
    guard let bent = Combination(spherical: problem, members) else { return flat }
    return flat.map { bent.misfit < $0.misfit ? bent : $0 } ?? bent
  }

  private static func isBetter(_ a: Combination, than b: Combination) -> Bool {
    func cost(_ fit: Combination) -> Double {
      fit.misfit + costOfParent * Double(fit.members.count) + (fit.isConvex ? 0 : costOfSigns)
    }
    let gain = cost(b) - cost(a)
    return abs(gain) < tie ? a.span > b.span : gain > 0
  }

  /// The member that is nearest to the others first: a base, where there is one.
  private static func centered(_ members: [Int], _ problem: Combination.Problem) -> [Int] {
    guard let map = problem.maps.first else { return members }
    var (center, least) = (0, Double.infinity)
    for (place, a) in members.enumerated() {
      var far = 0.0
      for b in members { far += problem.square(map, a, b) }
      if far < least { (center, least) = (place, far) }
    }
    guard center > 0 else { return members }
    return [members[center]] + members[..<center] + members[(center + 1)...]
  }

  private func found(_ own: Neighborhoods.Own, _ fit: Combination) -> Found? {
    // The shares of model stock are small, and may be below 0 where parents point away from each other.
    let positive = fit.members.indices.filter { fit.shares[$0] > 0 || fit.isStock }
    guard positive.count > 1 else { return nil }
    let parents = positive.map { own.near[fit.members[$0] - 1] }
    let isLast = parents.allSatisfy { evidence[$0, own.model] > 0 }
    var isOrdered = true
    if fit.isConvex || fit.isStock {
      let nats = fit.hasFrozen ? Self.precedesWithFrozen : Self.precedes
      if fit.isStack, !hasBaseBetween(own, fit), parents.allSatisfy({ evidence[own.model, $0] > nats }) { return nil }
    } else {
      let largest = fit.shares.map(abs).max() ?? 0
      isOrdered = isLast || isOnBase(own, fit)
      guard fit.size <= Self.largestSize,
        isOnBase(own, fit)
          ? largest <= Self.largestTask : largest <= Self.largestShare && (largest <= Self.clearShare || isLast)
      else { return nil }
    }
    return Found(
      merge: Merge(
        child: own.model, parents: parents, shares: positive.map { max(0, fit.shares[$0]) }, misfit: fit.misfit,
        order: order(own, fit)),
      all: fit.members.map { own.near[$0 - 1] }, size: fit.size * (isOrdered ? 1 : Self.outOfOrder))
  }

  /// What speaks for the model being the last one of those in a combination.
  private func order(_ own: Neighborhoods.Own, _ fit: Combination) -> Merge.Order {
    guard fit.members.count == 2 else {
      // A stock that is nearly its base, and the base, are each a stock of the other.
      return fit.isStock && (fit.shares.max() ?? 0) > Self.nearlyAll ? .ofMean : .known
    }
    // What was trained from the model lies off the line as well, but comes after it.
    return hasBaseBetween(own, fit, { evidence[$0, own.model] > 0 }) ? .known : fit.isStack ? .ofStack : .ofMean
  }

  private static let nearlyAll = 0.9

  /// Is the one model with a negative share the base of all others? A sum of task vectors takes as much of the base as it
  /// adds too much of others; solved for one of its parts, it has another part in the base's place, which comes after
  /// the base.
  private func isOnBase(_ own: Neighborhoods.Own, _ fit: Combination) -> Bool {
    let negative = fit.members.indices.filter { fit.shares[$0] < 0 }
    guard negative.count == 1 else { return false }
    let base = own.near[fit.members[negative[0]] - 1]
    return evidence[base, own.model] > 0
      && fit.members.allSatisfy { own.near[$0 - 1] == base || evidence[base, own.near[$0 - 1]] > 0 }
  }

  /// Is there a relative that lies between the parents in all tensors in which they differ? Then that one is their base,
  /// and what equals one of them here and another there is a stack. If the model were the base itself, all others
  /// would be as near to one of the parents as to it.
  private func hasBaseBetween(
    _ own: Neighborhoods.Own, _ fit: Combination, _ isEarly: (Int) -> Bool = { _ in true }
  ) -> Bool {
    guard let problem = Combination.Problem(own) else { return false }
    let (a, b) = (fit.members[0], fit.members[1])
    return own.near.indices.map { $0 + 1 }.contains { other in
      !fit.members.contains(other) && isEarly(own.near[other - 1])
        && problem.maps.allSatisfy { map in
          let apart = problem.square(map, a, b)
          let ways = [problem.square(map, a, other), problem.square(map, b, other)]
          return apart == 0
            || Self.detours ~= (ways[0] + ways[1]) / apart && (ways.min() ?? 0) >= Self.within * apart
        }
    }
  }

  /// Of the squared distance of two children: their squared distances from the base together, and the smaller one. Means
  /// of the two children lie nearer to them.
  private static let detours = 0.75...1.5
  private static let within = 0.1

  /// Calls `body` with each set of so many items, in their order.
  private static func forEachSubset(of items: [Int], count: Int, _ body: ([Int]) -> Void) {
    var places = Array(0..<count)
    var subset = Array(items[..<count])
    while true {
      body(subset)
      // The last one that is not at its end goes on, those behind it start anew.
      guard let next = places.indices.last(where: { places[$0] < items.count - count + $0 }) else { return }
      places[next] += 1
      for k in next + 1..<count { places[k] = places[k - 1] + 1 }
      for k in next..<count { subset[k] = items[places[k]] }
    }
  }

  // MARK: More

  /// The point of the simplex of the relatives that is nearest to the model, tensor by tensor.
  ///
  /// |c - sum s x|^2 = sum s d2[c, x] - sum over pairs s s' d2[x, x'] for shares that add up to 1, minimized by moving
  /// share from one relative to another as long as that helps.
  private func ofMany(_ own: Neighborhoods.Own, without merged: Set<Int>) -> Found? {
    guard let problem = Combination.Problem(own) else { return nil }
    let places = own.near.indices.filter { !merged.contains(own.near[$0]) }.map { $0 + 1 }
    guard places.count > 3 else { return nil }
    var taken: Set<Int> = []
    var rest = 0.0
    for map in problem.maps {
      let (shares, apart) = Self.nearestMean(problem, map, places)
      rest += max(0, apart - map.noise)
      guard rest <= Combination.mostOfMeans * Combination.mostOfMeans * problem.total else { return nil }
      for (place, share) in zip(places, shares) where share > Combination.smallestShare {
        // Of models that are the same here, nothing tells which takes part.
        if places.allSatisfy({ $0 == place || problem.square(map, $0, place) > 0 }) { taken.insert(place) }
      }
    }
    guard 4...Self.mostParents ~= taken.count, let fit = Combination(problem, taken.sorted()), fit.isConvex else {
      return nil
    }
    return found(own, fit)
  }

  private static func nearestMean(
    _ problem: Combination.Problem, _ map: Neighborhoods.Map, _ places: [Int]
  ) -> (shares: [Double], rest: Double) {
    let m = places.count
    let own = places.map { problem.square(map, 0, $0) }
    var shares = Array(repeating: 1 / Double(m), count: m)
    let between = places.map { a in places.map { problem.square(map, a, $0) } }
    var slopes = own.indices.map { k in own[k] - (0..<m).reduce(0) { $0 + shares[$1] * between[k][$1] } }
    let least = own.min() ?? 0
    for _ in 0..<mostSteps {
      guard let to = slopes.indices.min(by: { slopes[$0] < slopes[$1] }),
        let from = slopes.indices.filter({ shares[$0] > 0 }).max(by: { slopes[$0] < slopes[$1] }), to != from,
        between[from][to] > 0
      else { break }
      let gain = slopes[from] - slopes[to]
      guard gain > 1e-9 * least else { break }
      // Along this direction the second derivative is twice their squared distance.
      let step = min(shares[from], gain / (2 * between[from][to]))
      shares[from] = step == shares[from] ? 0 : shares[from] - step
      shares[to] += step
      for k in 0..<m { slopes[k] += step * (between[k][from] - between[k][to]) }
    }
    var rest = 0.0
    for a in 0..<m {
      rest += shares[a] * own[a]
      for b in (a + 1)..<m { rest -= shares[a] * shares[b] * between[a][b] }
    }
    return (shares, max(0, rest))
  }
}
