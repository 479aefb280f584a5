internal import Core
package import System

/// Finds the parts that models of different families have in common. Reads the tensors again, and only where some
/// pair has such parts.
package struct ComponentPass: Sendable {
  private let problem: LineageProblem

  /// Cosine above which a tensor is the same part; smaller ones may be the marks of one task.
  private static let leastCosine = 0.5
  /// Smaller tensors prove nothing.
  private static let fewestWeights = 1024
  /// One tensor that more families have in common is a constant of their architecture.
  private static let mostFamiliesOfOneTensor = 2

  package init(_ problem: LineageProblem) { self.problem = problem }

  private struct Pair: Hashable {
    var i: Int
    var j: Int

    func other(_ model: Int) -> Int { model == i ? j : i }
  }

  private struct Part {
    var tensors: [String] = []
    var weights = 0
    /// Squared distance of the part.
    var apart = 0.0
  }

  /// - Throws: what the source throws.
  package func run(
    _ source: some TensorSource, _ totals: TensorTotals<some ComparisonTotals>, _ families: FamilyGroups
  ) throws(Failure) -> [SharedComponent] {
    let models = families.families.flatMap(\.distinct).filter { totals.unusable.findings[$0] == nil }.sorted()
    var parts: [Pair: Part] = [:]
    for (place, i) in models.enumerated() {
      for j in models[(place + 1)...] where families.numbers[i] != families.numbers[j] {
        if totals.relatedness.hasCommonPart(i, j) { parts[Pair(i: i, j: j)] = Part() }
      }
    }
    guard !parts.isEmpty else { return [] }
    let roles = source.roles
    try source.eachTensor(where: { roles[$0] == .linear || roles[$0] == .embedding }) { tensor throws(Failure) in
      guard tensor.part != .constant, tensor.shape.elements >= Self.fewestWeights else { return }
      let index = PairIndex(tensor.models.count)
      let places = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
      for pair in parts.keys {
        guard let a = places[pair.i], let b = places[pair.j], Self.isSame(tensor, index(a, b), a, b) else { continue }
        parts[pair]?.tensors.append(tensor.name)
        parts[pair]?.weights += tensor.shape.elements
        parts[pair]?.apart += tensor.sums.l2[index(a, b)]
      }
    }
    return components(parts.filter { !$0.value.tensors.isEmpty }, families)
  }

  private static func isSame(_ tensor: TensorSums, _ p: Int, _ a: Int, _ b: Int) -> Bool {
    let (first, second) = (tensor.sums.moments[a], tensor.sums.moments[b])
    let length = (first.m2 * second.m2).squareRoot()
    guard length > 0, length.isFinite else { return false }
    let shift = first.mean - second.mean
    let centered = max(0, tensor.sums.l2[p] - first.count * shift * shift)
    return (first.m2 + second.m2 - centered) / 2 > leastCosine * length
  }

  /// The one of two families whose models contain those of the other as a part; the second where neither does.
  private func whole(of pairs: [Pair], _ first: Int, _ second: Int, _ families: FamilyGroups) -> Int {
    let excess = pairs.reduce(0.0) { sum, pair in
      let (own, other) = families.numbers[pair.i] == first ? (pair.i, pair.j) : (pair.j, pair.i)
      return sum + problem.overlap.share(of: other, in: own) - problem.overlap.share(of: own, in: other)
    }
    return excess > 0 ? first : second
  }

  /// One component for each model that is alone in its family with it; where families have it as a whole, one for the
  /// two families.
  private func components(_ parts: [Pair: Part], _ families: FamilyGroups) -> [SharedComponent] {
    struct Families: Hashable {
      var first: Int
      var second: Int
    }
    var byFamilies: [Families: [Pair]] = [:]
    var sharing: [String: Set<Int>] = [:]
    for (pair, part) in parts {
      let (f, g) = (families.numbers[pair.i], families.numbers[pair.j])
      byFamilies[Families(first: min(f, g), second: max(f, g)), default: []].append(pair)
      if part.tensors.count == 1 { sharing[part.tensors[0], default: []].formUnion([f, g]) }
    }
    var found: [SharedComponent] = []
    for (both, pairs) in byFamilies {
      let own = pairs.filter { pair in
        let tensors = parts[pair]?.tensors ?? []
        return tensors.count > 1 || (sharing[tensors[0]]?.count ?? 0) <= Self.mostFamiliesOfOneTensor
      }
      func involved(_ family: Int) -> Set<Int> {
        Set(own.flatMap { [$0.i, $0.j] }.filter { families.numbers[$0] == family })
      }
      func isCommon(_ family: Int) -> Bool {
        2 * involved(family).count > families.families[family].distinct.count
      }
      guard !own.isEmpty else { continue }
      let isOrderKnown = isCommon(both.first) != isCommon(both.second)
      // The family in which few models have it took it.
      let takers = isCommon(both.first) && !isCommon(both.second) ? both.second : both.first
      let taker = isOrderKnown ? takers : whole(of: own, both.first, both.second, families)
      let targets = isOrderKnown ? involved(taker).sorted() : Array(involved(taker).sorted().prefix(1))
      for target in targets {
        let choices = own.filter { $0.i == target || $0.j == target }.compactMap { pair in
          parts[pair].map { (pair: pair, part: $0) }
        }
        // Most weights, then the smallest distance, then the first.
        let best = choices.max {
          ($0.part.weights, $1.part.apart, $1.pair.other(target)) < (
            $1.part.weights, $0.part.apart, $0.pair.other(target)
          )
        }
        guard let best else { continue }
        found.append(
          SharedComponent(
            source: best.pair.other(target), target: target, name: SharedComponent.name(of: best.part.tensors),
            weights: best.part.weights, isOrderKnown: isOrderKnown))
      }
    }
    return found.sorted { ($0.target, $0.source) < ($1.target, $1.source) }
  }
}
