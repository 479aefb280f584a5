internal import Core

/// Finds merges that drop weights: sums of task vectors of which some weights are left out (TIES, DARE, DELLA).
///
/// They lie far from every combination of their parents. But many of their weights are those of the base, bit for bit,
/// see `EqualWeights`; and as what is dropped says nothing of other models, least squares over all tensors still gives
/// the parents' shares, and those of others are 0. Where the type is so coarse that equal weights prove little, the
/// shares must explain more.
struct SparseMerges {
  private let owns: [Neighborhoods.Own]
  private let evidence: SquareMatrix

  /// Smaller shares may be chance.
  private static let leastShare = 0.08
  /// Of all parents but the base.
  private static let leastSum = 0.4
  /// In coarse types equal weights prove little: updates of low rank leave as many alone.
  private static let leastSumOfCoarse = 0.7
  private static let explainedOfCoarse = 0.4
  /// Of the squared distance from the base: how much the shares explain. Means would explain all of it.
  private static let explained = 0.2...0.95
  private static let largestSize = 2.5
  /// Copies of one model, with rounding between them, count as one.
  private static let leastPivot = 1e-3
  /// Of a parent whose weights the merge has.
  private static let leastTaken = 0.03

  init(_ owns: [Neighborhoods.Own], evidence: SquareMatrix) {
    self.owns = owns
    self.evidence = evidence
  }

  /// - Parameter merged: models whose parents are known.
  func run(without merged: Set<Int>) -> [MergeSearch.Found] {
    var partners: [Int: Set<Int>] = [:]
    for own in owns where !merged.contains(own.model) {
      for (near, equal) in zip(own.near, own.equal) where equal.isSparse && !merged.contains(near) {
        partners[own.model, default: []].insert(near)
        partners[near, default: []].insert(own.model)
      }
    }
    let places = Dictionary(uniqueKeysWithValues: owns.enumerated().map { ($1.model, $0) })
    var orders: Set<Pair> = []
    for (model, others) in partners {
      guard let place = places[model] else { continue }
      for other in others {
        guard let isHub = isHub(other, of: owns[place], merged) else { continue }
        let pair = isHub ? Pair(first: other, second: model) : Pair(first: model, second: other)
        if evidence[pair.first, pair.second] > -Self.doubt { orders.insert(pair) }
      }
    }
    func hubs(_ model: Int) -> Set<Int> {
      partners[model, default: []].filter { orders.contains(Pair(first: $0, second: model)) }
    }
    func isOpen(_ model: Int, _ other: Int) -> Bool {
      !orders.contains(Pair(first: other, second: model)) && !orders.contains(Pair(first: model, second: other))
    }
    var made: [Int: Set<Int>] = [:]
    for (model, others) in partners {
      // A parent whose largest weights a merge took has the merge between itself and the base.
      let bases = hubs(model).filter { hubs($0).isEmpty }
      if !bases.isEmpty {
        made[model] = bases
      } else if others.allSatisfy({ isOpen(model, $0) }), isMade(model, others, partners) {
        made[model] = others
      }
    }
    let merges = made
    // A copy in a coarser type is its source here.
    let members = Set(owns.map(\.model))
    return owns.compactMap { own in
      guard let bases = merges[own.model] else { return nil }
      return fit(own, bases) {
        !merged.contains($0) && members.contains($0) && (bases.contains($0) || merges[$0] == nil)
      }
    }
  }

  /// Is a model the merge, and not the base of one? A merge may have weights of several others, and so may a base: the
  /// order must tell which, else neither is a merge.
  private func isMade(_ model: Int, _ others: Set<Int>, _ partners: [Int: Set<Int>]) -> Bool {
    if others.count > 1 {
      return others.sorted().reduce(0) { $0 + min(max(evidence[$1, model], -Self.mostEvidence), Self.mostEvidence) } > 0
    }
    return others.allSatisfy { base in partners[base]?.allSatisfy { evidence[base, $0] > 0 } ?? false }
  }

  private struct Pair: Hashable {
    var first: Int
    var second: Int
  }

  /// Of two models, is the other the hub, seen from which most relatives lie at right angles to the first? A base is, as
  /// what its other children trained has nothing to do with a merge.
  ///
  /// - Returns: nil where neither is.
  private func isHub(_ other: Int, of own: Neighborhoods.Own, _ merged: Set<Int>) -> Bool? {
    guard let base = own.near.firstIndex(of: other).map({ $0 + 1 }) else { return nil }
    let index = own.index
    let maps = own.maps.filter { $0.squares.allSatisfy(\.isFinite) }
    func square(_ a: Int, _ b: Int) -> Double { maps.reduce(0) { $0 + $1.squares[index(min(a, b), max(a, b))] } }
    let apart = square(0, base)
    let along = own.near.indices.map { $0 + 1 }.filter { $0 != base && !merged.contains(own.near[$0 - 1]) }.map {
      (square(base, $0) + apart - square(0, $0)) / (2 * apart)
    }.sorted()
    guard apart > 0, along.count >= Self.fewestRelatives else { return nil }
    // Those that have a part in the merge, or come from it, lie elsewhere.
    let (low, high) = (along[along.count / 5], 1 - along[along.count - 1 - along.count / 5])
    if low < Self.aside, low + Self.clear < high { return true }
    return high < Self.aside && high + Self.clear < low ? false : nil
  }

  /// Evidence, in nats, against the order that relatives tell: with more, neither is believed.
  private static let doubt = 2.0
  /// Evidence, in nats, that counts of each pair at most.
  private static let mostEvidence = 10.0
  /// Of the way from one model to the other: where relatives lie that have nothing to do with it.
  private static let aside = 0.2
  private static let clear = 0.1
  private static let fewestRelatives = 3

  private func fit(
    _ own: Neighborhoods.Own, _ bases: Set<Int>, where isUsed: (Int) -> Bool
  ) -> MergeSearch.Found? {
    let index = own.index
    var squares = Array(repeating: 0.0, count: index.count)
    for map in own.maps where map.squares.allSatisfy(\.isFinite) {
      for p in squares.indices { squares[p] += map.squares[p] }
    }
    func square(_ a: Int, _ b: Int) -> Double { a == b ? 0 : squares[index(min(a, b), max(a, b))] }
    func solve(_ places: [Int]) -> Combination.LeastSquares {
      Combination.LeastSquares(
        count: places.count, leastPivot: Self.leastPivot, own: { square(0, places[$0]) },
        between: { square(places[$0], places[$1]) })
    }
    let ofBases = own.near.indices.filter { bases.contains(own.near[$0]) }.map { $0 + 1 }
    guard let base = ofBases.min(by: { square(0, $0) < square(0, $1) }) else { return nil }
    let others = own.near.indices.map { $0 + 1 }.filter { $0 != base && isUsed(own.near[$0 - 1]) }
    var places = [base] + others
    let shares = solve(places).shares
    func isTaken(_ place: Int) -> Bool { place != base && own.equal[place - 1].isSparse && isUsed(own.near[place - 1]) }
    places =
      [base]
      + places.indices.dropFirst().filter { abs(shares[$0]) > Self.leastShare || isTaken(places[$0]) }.map {
        places[$0]
      }
    guard places.count > 1 else { return nil }
    let found = solve(places)
    // A weight that TIES took from one parent alone is that parent's, bit for bit.
    let positive = places.indices.filter {
      found.shares[$0] > (isTaken(places[$0]) ? Self.leastTaken : Self.leastShare)
    }
    // Only the base may have a negative share: solved for a base, the sum has a part in its place that comes after it.
    let origin = places.indices.filter { ofBases.contains(places[$0]) }.min { found.shares[$0] < found.shares[$1] }
    let negative = places.indices.reduce(0) { $0 + ($1 == origin ? 0 : max(0, -found.shares[$1])) }
    let size = found.shares.reduce(0) { $0 + abs($1) }
    let sum = positive.reduce(0) { $0 + (places[$1] == base && ofBases.count == 1 ? 0 : found.shares[$1]) }
    let explained = 1 - found.rest / square(0, base)
    guard positive.count > 1, negative < Self.leastShare, size < Self.largestSize, Self.explained.contains(explained),
      own.isCoarse
        ? sum > Self.leastSumOfCoarse && explained > Self.explainedOfCoarse : sum > Self.leastSum
    else { return nil }
    let nearest = own.near.indices.map { square(0, $0 + 1) }.min() ?? 0
    guard nearest > 0 else { return nil }
    return MergeSearch.Found(
      merge: Merge(
        child: own.model, parents: positive.map { own.near[places[$0] - 1] },
        shares: positive.map { found.shares[$0] }, misfit: (found.rest / nearest).squareRoot()),
      all: places.map { own.near[$0 - 1] }, size: size)
  }
}
