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
    /// Squared distance by which rounding moves the model.
    let noise: Double
  }

  /// One model.
  struct Own: Sendable {
    let model: Int
    /// Nearest first.
    let near: [Int]
    var maps: [Map] = []
    /// By relative: what their weights say of each other.
    var equal: [EqualWeights]

    var index: PairIndex { PairIndex(near.count + 1) }
  }

  private(set) var owns: [Own] = []
  private let rounding: [Double]
  private var seen = 0
  private var stride = 1
  /// Tensors whose single weights were compared.
  private var compared = 0

  private static let nearest = 20
  private static let mostMaps = 96
  /// Single weights are compared in so many tensors.
  private static let mostCompared = 16

  /// - Parameter rounding: per model, unit roundoff of the type that it is stored in.
  package init(_ families: FamilyGroups, _ geometry: Merge.Geometry, rounding: [Double]) {
    self.rounding = rounding
    for family in families.families where family.distinct.count > 2 {
      for model in family.distinct {
        let near = geometry.nearest(to: model, among: family.distinct, count: Self.nearest)
        guard near.count > 1 else { continue }
        owns.append(Own(model: model, near: near, equal: near.map { _ in EqualWeights() }))
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
    let used = owns.indices.filter { isUsed(owns[$0]) }
    guard !used.isEmpty else { return }
    if seen % stride == 0 {
      for k in used {
        let members = ([owns[k].model] + owns[k].near).map { places[$0] ?? 0 }
        var squares: [Double] = []
        owns[k].index.forEach { _, a, b in
          squares.append(tensor.sums.l2[index(min(members[a], members[b]), max(members[a], members[b]))])
        }
        owns[k].maps.append(
          Map(
            number: seen, weights: Double(tensor.shape.elements), squares: squares,
            noise: Merge.Geometry.noise(rounding[owns[k].model], energy: view.energies[members[0]])))
      }
      if seen / stride + 1 >= 2 * Self.mostMaps {
        stride *= 2
        for k in owns.indices { owns[k].maps.removeAll { $0.number % stride != 0 } }
      }
    }
    seen += 1
    compareWeights(tensor, used, places)
  }

  private mutating func compareWeights(_ tensor: TensorSums, _ used: [Int], _ places: [Int: Int]) {
    guard compared < Self.mostCompared, let block = tensor.sums.samples.first else { return }
    compared += 1
    let (known, rounding) = (owns, rounding)
    let found = Parallel.map(used.count) { k -> [EqualWeights] in
      let own = known[used[k]]
      let members = [own.model] + own.near
      return EqualWeights.adding(
        block, members.map { places[$0] ?? 0 }, members.map { rounding[$0] }, to: own.equal)
    }
    for (k, equal) in zip(used, found) { owns[k].equal = equal }
  }
}
