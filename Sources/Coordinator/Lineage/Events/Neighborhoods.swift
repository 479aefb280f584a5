internal import Core

/// The nearest relatives of each model, and where they lie relative to each other in single tensors.
///
/// What was put together from others, tensor by tensor or weight by weight, shows here and not in sums over all tensors.
/// The memory grows with the models, not with the pairs, and of many tensors every k-th is kept.
package struct Neighborhoods: Sendable {
  /// One tensor of a model and its relatives.
  struct Map: Sendable {
    let number: Int
    let weights: Double
    /// Squared distances by `PairIndex`; the model itself has place 0, its relatives follow.
    let squares: [Double]
    /// Sums of squares, in the same places.
    let energies: [Double]
    /// Squared distance by which rounding moves the model.
    let noise: Double
  }

  /// One model.
  struct Own: Sendable {
    let model: Int
    let family: Int
    /// Is it stored so coarsely that equal weights prove little?
    let isCoarse: Bool
    /// Nearest first.
    let near: [Int]
    var maps: [Map] = []
    /// By relative: what their weights say of each other.
    var equal: [EqualWeights]

    var index: PairIndex { PairIndex(near.count + 1) }
  }

  private(set) var owns: [Own] = []
  private let rounding: [Double]
  /// By family, so that none depends on what else is in the collection.
  private var progress: [Int: Progress] = [:]

  private struct Progress: Sendable {
    var seen = 0
    var stride = 1
    /// Tensors whose single weights were compared.
    var compared = 0
  }

  private static let nearest = 20
  /// Merges of a model's parents may be nearer to it than these: parents are looked for so far away.
  private static let farthest = 64
  private static let mostPartners = 4
  private static let mostMaps = 96
  /// Single weights are compared in so many tensors.
  private static let mostCompared = 16

  /// - Parameters:
  ///   - families: in which neighbors are looked for.
  ///   - geometry: distances that say who is near.
  ///   - rounding: per model, unit roundoff of the type that it is stored in.
  package init(_ families: FamilyGroups, _ geometry: Merge.Geometry, rounding: [Double]) {
    self.rounding = rounding
    for (number, family) in families.families.enumerated() where family.distinct.count > 2 {
      for model in family.distinct {
        var near = geometry.nearest(to: model, among: family.distinct, count: Self.nearest)
        guard near.count > 1 else { continue }
        if near.count == Self.nearest {
          near += geometry.partners(
            of: model, beyond: near, among: family.distinct, looking: Self.farthest, count: Self.mostPartners)
        }
        owns.append(
          Own(
            model: model, family: number, isCoarse: rounding[model] >= EqualWeights.coarse, near: near,
            equal: near.map { _ in EqualWeights() }))
      }
    }
  }

  package mutating func add(_ view: TensorView, _ scope: Scope) {
    let tensor = view.tensor
    let places = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
    let index = PairIndex(tensor.models.count)
    func isUsed(_ own: Own) -> Bool {
      places[own.model] != nil && scope.includes(tensor.role, own.model, own.near[0])
        && own.near.allSatisfy { places[$0] != nil }
    }
    let used = Dictionary(grouping: owns.indices.filter { isUsed(owns[$0]) }) { owns[$0].family }
    for (family, own) in used.sorted(by: { $0.key < $1.key }) { add(view, family, own, places, index) }
  }

  private mutating func add(
    _ view: TensorView, _ family: Int, _ used: [Int], _ places: [Int: Int], _ index: PairIndex
  ) {
    let tensor = view.tensor
    var own = progress[family] ?? Progress()
    defer { progress[family] = own }
    if own.seen % own.stride == 0 {
      for k in used {
        let members = ([owns[k].model] + owns[k].near).map { places[$0] ?? 0 }
        var squares: [Double] = []
        owns[k].index.forEach { _, a, b in
          squares.append(tensor.sums.l2[index(min(members[a], members[b]), max(members[a], members[b]))])
        }
        owns[k].maps.append(
          Map(
            number: own.seen, weights: Double(tensor.shape.elements), squares: squares,
            energies: members.map { view.energies[$0] },
            noise: Merge.Geometry.noise(rounding[owns[k].model], energy: view.energies[members[0]])))
      }
      if own.seen / own.stride + 1 >= 2 * Self.mostMaps {
        own.stride *= 2
        for k in owns.indices where owns[k].family == family {
          owns[k].maps.removeAll { $0.number % own.stride != 0 }
        }
      }
    }
    own.seen += 1
    // Where all are equal, there is nothing to learn from single weights.
    guard own.compared < Self.mostCompared, tensor.sums.l2.contains(where: { $0 > 0 }) else { return }
    compareWeights(tensor, used, places, left: Self.mostCompared - own.compared)
    own.compared += 1
  }

  private mutating func compareWeights(_ tensor: TensorSums, _ used: [Int], _ places: [Int: Int], left: Int) {
    guard let block = tensor.sums.samples.first else { return }
    let (known, rounding) = (owns, rounding)
    let found = Parallel.map(used.count) { k -> [EqualWeights] in
      let own = known[used[k]]
      let members = [own.model] + own.near
      return EqualWeights.adding(
        block, members.map { places[$0] ?? 0 }, members.map { rounding[$0] }, to: own.equal, left: left)
    }
    for (k, equal) in zip(used, found) { owns[k].equal = equal }
  }
}
