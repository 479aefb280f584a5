package import Core
internal import Encodings
internal import Glibc

/// Models that are others times a constant, tensor by tensor: arithmetic, not training.
///
/// Every tensor of one is the other's times some factor, up to what rounding to the storage type explains, and some
/// factor differs from 1 by more than that: from negated pairs of maps, from models that were multiplied as a whole.
package struct ScaledCopies: Sendable {
  private let n: Int
  private let rounding: [Double]
  /// n x n, above the diagonal: no tensor rules it out; some tensor has a factor; all shared tensors are equal.
  private var isPossible: [Bool]
  /// The largest factor of any tensor, as an absolute logarithm; infinite where a sign is turned, 0 without one.
  private var factor: [Float]
  private var isEqual: [Bool]
  private var isShared: [Bool]
  /// Above the diagonal: squared distance, over the tensors that both have.
  private var distance: [Double]
  /// n x n: sum of squares of the first model's tensors that the second has as well.
  private var energy: [Double]

  /// Rounding errors are granted this much more than their mean.
  private static let allowance = 2.0
  /// Relative errors of the sums themselves.
  private static let sumError = 1e-6
  /// Squared angles that sums must resolve to say anything.
  private static let coarsest = 1e-5
  /// A factor is one when it is off 1 by more than so many roundings.
  private static let visible = 2.0
  /// A smaller tensor does not tell a factor from an update.
  private static let fewestWeights = 64

  /// - Parameter rounding: per model, unit roundoff of the type that most of its weights are stored in.
  package init(rounding: [Double]) {
    n = rounding.count
    self.rounding = rounding
    isPossible = Array(repeating: true, count: n * n)
    factor = Array(repeating: 0, count: n * n)
    isEqual = isPossible
    isShared = Array(repeating: false, count: n * n)
    distance = Array(repeating: 0, count: n * n)
    energy = distance
  }

  package mutating func add(_ view: TensorView) {
    let tensor = view.tensor
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      let place = i * n + j
      let l2 = tensor.sums.l2[p]
      isShared[place] = true
      if l2.isFinite {
        distance[place] += l2
        energy[place] += view.energies[a]
        energy[j * n + i] += view.energies[b]
      }
      if l2 != 0 { isEqual[place] = false }
      guard isPossible[place], l2 != 0 else { return }
      let product = view.norms[a] * view.norms[b]
      guard product > 0, product.isFinite, l2.isFinite else {
        isPossible[place] = false
        return
      }
      let units = rounding[i] * rounding[i] + rounding[j] * rounding[j]
      // What is known of an angle from sums alone, the less the more the lengths differ.
      let resolution = Self.sumError * l2 / product
      let allowed = Self.allowance * Encoding.roundingSquares * units + resolution + 1e-12
      let (angle, isTurned) = view.angle(p, a, b)
      guard angle <= allowed || resolution > Self.coarsest else {
        isPossible[place] = false
        return
      }
      let samples = Self.areParallel(tensor.sums.samples, a, b, tolerance: units + 1e-12)
      guard samples != false else {
        isPossible[place] = false
        return
      }
      // Neither sums nor samples can tell.
      if samples == nil, resolution > Self.coarsest { return }
      let own = abs(Logarithm.of(view.norms[a] / view.norms[b]))
      if tensor.shape.elements >= Self.fewestWeights,
        isTurned || own > Self.visible * max(rounding[i], rounding[j])
      {
        factor[place] = max(factor[place], isTurned ? .infinity : Float(own))
      }
    }
  }

  /// Are the sampled weights of two models multiples of each other, up to so much of their sum of squares? nil without
  /// samples. Unlike angles from sums, this does not depend on how much longer one of them is.
  ///
  /// - Parameter tolerance: no weight is off by more than its unit roundoff, so the sum of their squares is a bound.
  private static func areParallel(_ samples: [SampleBlock], _ a: Int, _ b: Int, tolerance: Double) -> Bool? {
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for block in samples {
      for (x, y) in zip(block.values(of: a), block.values(of: b)) {
        xx += Double(x) * Double(x)
        yy += Double(y) * Double(y)
        xy += Double(x) * Double(y)
      }
    }
    guard xx > 0, yy > 0, xx.isFinite, yy.isFinite else { return nil }
    // |y - s x|^2 is summed by itself, as 1 - cos^2 would be lost in rounding.
    let scale = xy / xx
    var rest = 0.0
    for block in samples {
      for (x, y) in zip(block.values(of: a), block.values(of: b)) {
        let off = Double(y) - scale * Double(x)
        rest += off * off
      }
    }
    return rest <= tolerance * yy
  }

  private func place(_ i: Int, _ j: Int) -> Int { min(i, j) * n + max(i, j) }

  func areScaled(_ i: Int, _ j: Int) -> Bool {
    i != j && isShared[place(i, j)] && isPossible[place(i, j)] && factor[place(i, j)] > 0
  }

  /// Are all tensors that two models share the same, bit for bit?
  package func areEqual(_ i: Int, _ j: Int) -> Bool { i != j && isShared[place(i, j)] && isEqual[place(i, j)] }

  /// A copy and the model that it is a multiple of.
  package struct Finding: Sendable, Equatable {
    package var copy: Int
    package var original: Int
    /// Other relatives tell which of them is the original.
    package var isOrderKnown: Bool

    package init(copy: Int, original: Int, isOrderKnown: Bool) {
      self.copy = copy
      self.original = original
      self.isOrderKnown = isOrderKnown
    }
  }

  /// Of models that are multiples of each other, the original is the one that their nearest other relative is nearest
  /// to; without such a relative the first is taken for it. A relative of which there are multiples as well says less:
  /// two models that were multiplied by the same number are as near to each other as the two that they were made from.
  ///
  /// Updates are nearly at right angles to the weights, so that among the multiples of a model it is the model itself
  /// that comes nearest to its relatives. That holds of distances as they are: over the product of the norms a longer
  /// multiple looks nearer.
  ///
  /// - Parameters:
  ///   - models: that can be copies, ascending.
  ///   - apart: n x n, the ratio of `Relatedness`.
  package func findings(among models: [Int], apart: SquareMatrix) -> [Finding] {
    let groups = Families.connected(models.count) { areScaled(models[$0], models[$1]) }
    var members: [Int: [Int]] = [:]
    for (position, group) in groups.enumerated() { members[group, default: []].append(models[position]) }
    var findings: [Finding] = []
    let multiplied = Set(members.values.filter { $0.count > 1 }.joined())
    for group in members.values where group.count > 1 {
      func nearest(_ others: [Int]) -> Int? {
        // Nothing is known of two whose sizes differ too much.
        others.map { other in (other, group.map { apart[$0, other] }.filter { !$0.isNaN }.min() ?? .nan) }
          .filter { $0.1 < Self.related }.min { $0.1 < $1.1 }?.0
      }
      let alone = nearest(models.filter { !multiplied.contains($0) })
      let relative = alone ?? nearest(models.filter { multiplied.contains($0) && !group.contains($0) })
      let nearness = group.map { model in relative.map { self.nearness(of: model, to: $0) } ?? .infinity }
      let least = nearness.min() ?? .infinity
      let original = group[nearness.firstIndex(of: least) ?? 0]
      for (copy, ratio) in zip(group, nearness) where copy != original {
        // A copy is farther by the square of what its factor differs from 1; decay may make it look otherwise.
        let logarithm = Double(factor[place(copy, original)])
        let isShorter = energy[copy * n + original] < energy[original * n + copy]
        let size = isShorter && logarithm.isFinite ? 1 - exp(-logarithm) : min(1, expm1(logarithm))
        findings.append(
          Finding(
            copy: copy, original: original,
            isOrderKnown: alone != nil && ratio - least > Self.clear * size * size))
      }
    }
    return findings.sorted { $0.copy < $1.copy }
  }

  /// Squared distance over the relative's own sum of squares.
  private func nearness(of model: Int, to relative: Int) -> Double {
    let own = energy[relative * n + model]
    return own > 0 ? distance[place(model, relative)] / own : .infinity
  }

  /// Share of the expected difference from which on the order is known.
  private static let clear = 0.6
  /// Ratio of `Relatedness` below which another model's weights say something.
  private static let related = 0.9
}
