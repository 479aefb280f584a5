internal import Core
package import System

/// Finds the parts that models of different families have in common. Reads the tensors again, and only where some
/// pair has such parts.
///
/// Each tensor is judged by itself: the models that have the same one form groups, and the family in which most models
/// have it is its home. So models that took parts of each other's families stand apart.
package struct ComponentPass: Sendable {
  private let problem: LineageProblem

  /// Cosine above which a tensor is the same part; smaller ones may be the marks of one task.
  package static let leastCosine = 0.5
  /// Smaller tensors prove nothing, unless they are equal bit for bit.
  package static let fewestWeights = 1024
  private static let fewestEqualWeights = 64
  /// One tensor that more families have in common is a constant of their architecture.
  private static let mostFamiliesOfOneTensor = 2

  package init(_ problem: LineageProblem) { self.problem = problem }

  private struct Pair: Hashable {
    var i: Int
    var j: Int
  }

  /// What one model has from models of one other family.
  private struct Key: Hashable {
    var target: Int
    var family: Int
    var isOrderKnown: Bool
  }

  private struct Part {
    var tensors: [String] = []
    var weights = 0
    /// By source: weights of the tensors that it has too, and their squared distance.
    var sources: [Int: (weights: Int, apart: Double)] = [:]
    /// The most families that have any of the tensors.
    var families = 0
  }

  /// - Parameter parents: of every model in its tree; nil for roots.
  /// - Throws: what the source throws.
  package func run(
    _ source: some TensorSource, _ totals: TensorTotals<some ComparisonTotals>, _ families: FamilyGroups,
    parents: [Int?]
  ) throws(Failure) -> [SharedComponent] {
    let models = families.families.flatMap(\.distinct).filter { totals.unusable.findings[$0] == nil }.sorted()
    var pairs: [Pair] = []
    for (place, i) in models.enumerated() {
      for j in models[(place + 1)...] where families.numbers[i] != families.numbers[j] {
        if totals.relatedness.hasCommonPart(i, j) { pairs.append(Pair(i: i, j: j)) }
      }
    }
    guard !pairs.isEmpty else { return [] }
    var parts: [Key: Part] = [:]
    let roles = source.roles
    try source.eachTensor(where: { roles[$0] == .linear || roles[$0] == .embedding }) { tensor throws(Failure) in
      guard tensor.part != .constant else { return }
      let index = PairIndex(tensor.models.count)
      let places = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
      var same: [Pair: Double] = [:]
      for pair in pairs {
        guard let a = places[pair.i], let b = places[pair.j], Self.isSame(tensor, index(a, b), a, b) else { continue }
        same[pair] = tensor.sums.l2[index(a, b)]
      }
      guard !same.isEmpty else { return }
      add(tensor, same, families, parents, to: &parts)
    }
    return components(parts, families)
  }

  private static func isSame(_ tensor: TensorSums, _ p: Int, _ a: Int, _ b: Int) -> Bool {
    let (first, second) = (tensor.sums.moments[a], tensor.sums.moments[b])
    let length = (first.m2 * second.m2).squareRoot()
    guard length > 0, length.isFinite else { return false }
    if tensor.shape.elements < fewestWeights {
      return tensor.sums.l2[p] == 0 && tensor.shape.elements >= fewestEqualWeights
    }
    let shift = first.mean - second.mean
    let centered = max(0, tensor.sums.l2[p] - first.count * shift * shift)
    return (first.m2 + second.m2 - centered) / 2 > leastCosine * length
  }

  /// Adds what the models of one group have from its home, or, where it has none, what its first family has from the
  /// others.
  private func add(
    _ tensor: TensorSums, _ same: [Pair: Double], _ families: FamilyGroups, _ parents: [Int?],
    to parts: inout [Key: Part]
  ) {
    let holders = Set(same.keys.flatMap { [$0.i, $0.j] }).sorted()
    let groups = Families.connected(holders.count) {
      same[Pair(i: min(holders[$0], holders[$1]), j: max(holders[$0], holders[$1]))] != nil
    }
    let present = Set(tensor.models)
    for group in 0...(groups.max() ?? 0) {
      let members = holders.indices.filter { groups[$0] == group }.map { holders[$0] }
      let byFamily = Dictionary(grouping: members) { families.numbers[$0] }
      let homes = homes(byFamily, families, parents, present)
      let isOrderKnown = homes.count == 1
      guard let home = isOrderKnown ? homes.first : partly(same, byFamily, families) else { continue }
      for (family, targets) in byFamily where family != home {
        for target in isOrderKnown ? targets : Array(targets.prefix(1)) {
          let key = Key(target: target, family: home, isOrderKnown: isOrderKnown)
          let sources = (byFamily[home] ?? []).compactMap { model in
            same[Pair(i: min(model, target), j: max(model, target))].map { (model, $0) }
          }
          guard !sources.isEmpty else { continue }
          var part = parts[key] ?? Part()
          part.tensors.append(tensor.name)
          part.weights += tensor.shape.elements
          part.families = max(part.families, byFamily.count)
          for (model, apart) in sources {
            let known = part.sources[model] ?? (0, 0)
            part.sources[model] = (known.weights + tensor.shape.elements, known.apart + apart)
          }
          parts[key] = part
        }
      }
    }
  }

  /// Without an order, the family whose models are parts of the others' is named as the source; the first where none
  /// are.
  private func partly(_ same: [Pair: Double], _ holders: [Int: [Int]], _ families: FamilyGroups) -> Int? {
    let overlap = problem.overlap
    func excess(_ family: Int) -> Double {
      // Sums depend on their order.
      same.keys.sorted { ($0.i, $0.j) < ($1.i, $1.j) }.reduce(0) { sum, pair in
        guard (families.numbers[pair.i] == family) != (families.numbers[pair.j] == family) else { return sum }
        let (own, other) = families.numbers[pair.i] == family ? (pair.i, pair.j) : (pair.j, pair.i)
        return sum + overlap.share(of: own, in: other) - overlap.share(of: other, in: own)
      }
    }
    return holders.keys.max { (excess($0), $1) < (excess($1), $0) }
  }

  /// The families in which most models have a tensor; where that is not one family alone, those whose root has it.
  private func homes(
    _ holders: [Int: [Int]], _ families: FamilyGroups, _ parents: [Int?], _ present: Set<Int>
  ) -> [Int] {
    let common = holders.keys.filter { family in
      let all = families.families[family].distinct.count { present.contains($0) }
      return 2 * (holders[family]?.count ?? 0) > all
    }
    if common.count == 1 { return common }
    let ofRoots = holders.keys.filter { holders[$0]?.contains { parents[$0] == nil } ?? false }
    return ofRoots.count == 1 ? ofRoots : common.sorted()
  }

  /// One component for each model that has a part from a family's models.
  private func components(_ parts: [Key: Part], _ families: FamilyGroups) -> [SharedComponent] {
    var found: [SharedComponent] = []
    for (key, part) in parts {
      guard part.tensors.count > 1 || part.families <= Self.mostFamiliesOfOneTensor else { continue }
      // Most weights, then the smallest distance, then the first.
      let best = part.sources.max {
        ($0.value.weights, $1.value.apart, $1.key) < ($1.value.weights, $0.value.apart, $0.key)
      }
      guard let best else { continue }
      found.append(
        SharedComponent(
          source: best.key, target: key.target, name: SharedComponent.name(of: part.tensors), weights: part.weights,
          isOrderKnown: key.isOrderKnown))
    }
    return found.sorted {
      ($0.target, $0.source, $0.name, $0.weights) < ($1.target, $1.source, $1.name, $1.weights)
    }
  }
}
