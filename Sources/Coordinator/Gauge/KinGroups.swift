internal import Alignment
internal import Checkpoints
internal import Core
internal import Naming
internal import Storage
internal import System

/// Groups the models of a collection that are alike as they are: a few thousand weights of each are compared.
///
/// Only between the groups is there anything to look for. Coarser than the test for families, and stricter: where a part
/// of the maps is in other coordinates, the models are not alike. A model whose norms' gains are in its maps,
/// among others that have theirs in the norms, stands alone.
struct KinGroups {
  /// Models of one shape, by their places; in each kind the groups of those that are alike, the largest first, each with
  /// the member in front that is most like the others.
  let kinds: [[[Int]]]

  /// Cosine of the runs of two models above which these are alike; strangers' scatter around 0 by 1/8.
  private static let likeness: Float = 0.3
  /// Share of the runs that have to be.
  private static let share: Float = 0.9
  /// Cosine of runs that are the same, and the factor from which on one of them has been scaled.
  private static let same: Float = 0.9
  private static let scale: Float = 1.35
  /// Linear maps that are looked at, runs of each, and weights of a run.
  private static let maps = 16
  private static let runs = 4
  private static let weights = 64

  /// - Parameter fewest: models that a kind must have.
  init(_ models: [ModelRecord], _ alignment: [AlignmentMap], fewest: Int = 2) throws(Failure) {
    var kinds: [[CanonicalTensor]: [Int]] = [:]
    var order: [[CanonicalTensor]] = []
    for (number, model) in models.enumerated() where model.adapter == nil {
      let linear = alignment[number].tensors.filter { $0.role == .linear }.sorted { $0.name < $1.name }
      guard !linear.isEmpty else { continue }
      if kinds[linear] == nil { order.append(linear) }
      kinds[linear, default: []].append(number)
    }
    var found: [[[Int]]] = []
    for kind in order {
      guard let members = kinds[kind], members.count >= fewest else { continue }
      found.append(try Self.groups(members, kind, models, alignment))
    }
    self.kinds = found
  }

  private static func groups(
    _ members: [Int], _ kind: [CanonicalTensor], _ models: [ModelRecord], _ alignment: [AlignmentMap]
  ) throws(Failure) -> [[Int]] {
    let count = min(maps, kind.count)
    let chosen = Set((0..<count).map { kind[$0 * kind.count / count] })
    var prints: [[[Run]]] = []
    for member in members {
      var print: [[Run]] = []
      let tensors = zip(models[member].tensors, alignment[member].tensors).filter { chosen.contains($0.1) }
      for (stored, _) in tensors.sorted(by: { $0.1.name < $1.1.name }) { print.append(try runs(of: stored)) }
      prints.append(print)
    }
    var groups: [[Int]] = []
    for place in members.indices {
      let near = groups.indices.filter { group in
        groups[group].contains { areAlike(prints[$0], prints[place]) }
      }
      let joined = near.flatMap { groups[$0] } + [place]
      for group in near.reversed() { groups.remove(at: group) }
      groups.append(joined.sorted())
    }
    var parts: [[Int]] = []
    for group in groups {
      let apart = try withFoldedNorms(group, members, models, alignment)
      parts.append(group.filter { !apart.contains($0) })
      // Each has its own gains in its maps.
      parts += apart.map { [$0] }
    }
    return parts.map { group in
      let middle = middle(of: group, prints)
      return ([middle] + group.filter { $0 != middle }).map { members[$0] }
    }.sorted { ($1.count, $0.min() ?? 0) < ($0.count, $1.min() ?? 0) }
  }

  /// The models of a group whose norms multiply all coordinates alike, where those of others do not and the maps of
  /// these models show such gains.
  private static func withFoldedNorms(
    _ group: [Int], _ members: [Int], _ models: [ModelRecord], _ alignment: [AlignmentMap]
  ) throws(Failure) -> [Int] {
    guard group.count > 1 else { return [] }
    var flat: [(place: Int, weights: NetworkWeights)] = []
    var other: NetworkWeights?
    for place in group {
      guard let weights = NetworkWeights(models[members[place]], alignment[members[place]]),
        GaugeFit.bytes(weights) <= DisguiseRemoval.memoryBytes,
        let gains = try weights.gains(.attentionNorm, weights.layout.layers.first)
      else { continue }
      if NormFit.isFlat(gains) { flat.append((place, weights)) } else { other = other ?? weights }
    }
    guard let other else { return [] }
    var found: [Int] = []
    for (place, weights) in flat {
      let norm = NetworkLayout.Place(role: .attentionNorm, layer: weights.layout.layers.first)
      if case .folded = try NormFit(weights, other, norm, .same) { found.append(place) }
    }
    return found
  }

  /// Neighboring weights.
  private struct Run {
    /// Of length 1; empty where all are 0.
    var values: [Float]
    var length: Float

    init(_ values: [Float]) {
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      self.length = length
      self.values = length > 0 && length.isFinite ? values.map { $0 / length } : []
    }

    func product(_ other: Run) -> Float {
      guard values.count == other.values.count else { return 0 }
      var sum: Float = 0
      for k in values.indices { sum += values[k] * other.values[k] }
      return sum
    }
  }

  /// From all over a tensor.
  private static func runs(of tensor: StoredTensor) throws(Failure) -> [Run] {
    let count = min(weights, max(1, tensor.shape.elements / runs))
    var found: [Run] = []
    for run in 0..<runs where (run + 1) * count <= tensor.shape.elements {
      let start = (2 * run + 1) * (tensor.shape.elements - count) / (2 * runs)
      found.append(Run(try tensor.values(from: start, count: count)))
    }
    return found
  }

  /// Is nearly everything the same, and of the same size? A tensor as a whole may have another sign.
  private static func areAlike(_ a: [[Run]], _ b: [[Run]]) -> Bool {
    var (all, alike, scaled): (Float, Float, Float) = (0, 0, 0)
    let runs = zip(a, b).reduce(0) { $0 + Float(min($1.0.count, $1.1.count)) }
    for (own, other) in zip(a, b) {
      // Of most pairs of strangers, two maps are enough.
      guard alike + runs - all >= share * runs else { return false }
      let products = zip(own, other).map { $0.product($1) }
      let sign: Float = products.reduce(0, +) < 0 ? -1 : 1
      for (place, product) in products.enumerated() {
        let (left, right) = (own[place], other[place])
        all += 1
        if left.values.isEmpty && right.values.isEmpty || sign * product > likeness { alike += 1 }
        // What training turns so little, it does not lengthen so much.
        let ratio = left.length / right.length
        if sign * product > same, ratio > scale || ratio < 1 / scale { scaled += 1 }
      }
    }
    return alike >= share * all && scaled <= (1 - share) / 2 * all
  }

  /// The member that is most like the others of its group, as far as these are looked at.
  private static func middle(of group: [Int], _ prints: [[[Run]]]) -> Int {
    let others = group.prefix(mostOthers)
    func likeness(_ place: Int) -> Float {
      // Not with itself: where there are only two, the rounding of that would decide.
      others.filter { $0 != place }.reduce(0) { sum, other in
        sum + zip(prints[place].joined(), prints[other].joined()).reduce(0) { $0 + $1.0.product($1.1) }
      }
    }
    let sums = others.map(likeness)
    let best = sums.indices.max { (sums[$0], $1) < (sums[$1], $0) }
    return best.map { others[others.startIndex + $0] } ?? group[0]
  }

  private static let mostOthers = 64
}
