package import Core
internal import Glibc

/// Are two models related at all? Decided by their own weights, whatever else is in the collection.
///
/// For weights that were initialized independently, the differences to each tensor's mean are
/// orthogonal up to chance: |x - y|^2 = |x|^2 + |y|^2. Training moves weights little, so
/// relatives stay far below.
///
/// A tensor is *kin* where the two are equal bit for bit or point in nearly the same direction. Two models are related
/// when most of what they share is kin, by tensors and by weights: a borrowed part makes no relatives. What is not
/// clear tensor by tensor is tested together, see `UnitPermutations`. Constants, position numbers and masks are the same in strangers
/// and count for nothing.
package struct Relatedness: Sendable {
  /// What the tensors of one pair say.
  private struct Pair: Sendable {
    var apart = 0.0
    /// Squared deviations from the means, of both.
    var energies = 0.0
    /// Tensors and weights, and those that are kin.
    var tensors: Int32 = 0
    var kinTensors: Int32 = 0
    var weights = 0.0
    var kinWeights = 0.0
    // Of the others: inner products and products of lengths,
    var inner = 0.0
    var lengths = 0.0
    // and of their submatrices.
    var along = 0.0
    var variance = 0.0
    var largest = 0.0
    var tested: Int32 = 0
    /// Is a table kin?
    var hasKinTable = false
  }

  private let n: Int
  private let index: PairIndex
  /// By pair: of linear maps, and of everything else.
  private var linear: [Pair]
  private var others: [Pair]

  /// Cosine above which a tensor is kin, if it is also so many standard deviations above what chance gives weights
  /// without structure.
  private static let kinCosine = KinThreshold.cosine
  /// Cosine above which it is kin whatever its structure.
  private static let clearCosine = 0.7
  /// Below that, its units must agree by so many standard deviations more than permuted ones.
  private static let unitDeviations = 6.0
  private static let deviations = 8.0
  /// Of two tensors' sums of squares: the ratios at which they are compared.
  private static let comparable = 1e-7...1e7
  /// Where there are no submatrices to permute: vectors and tables.
  private static let leastCosine = 0.1
  /// Probability under the null hypothesis below which two models are related.
  private static let significance = KinThreshold.probability
  /// Tensors of one pair that are permuted: more cost time and change no answer.
  private static let mostTested: Int32 = 64
  /// Beyond that the normal distribution is not relied on.
  private static let tail = 3.0

  package init(models n: Int) {
    self.n = n
    index = PairIndex(n)
    linear = Array(repeating: Pair(), count: index.count)
    others = linear
  }

  package mutating func add(_ view: TensorView) {
    let tensor = view.tensor
    guard tensor.part != .constant else { return }
    let models = tensor.models
    let moments = tensor.sums.moments
    let count = Double(tensor.shape.elements)
    let isLinear = tensor.role == .linear
    let isTable = tensor.role == .embedding
    let bound = max(Self.kinCosine, Self.deviations / count.squareRoot())
    let isFixed = moments.map(Self.isFixed)
    var unclear: [Unclear] = []
    tensor.forEachPair { p, a, b in
      let length = (moments[a].m2 * moments[b].m2).squareRoot()
      guard length > 0, length.isFinite else { return }
      // What decayed to nothing is noise.
      let sizes = moments[a].m2 / moments[b].m2
      guard Self.comparable.contains(sizes) else { return }
      let place = index(models[a], models[b])
      var pair = isLinear ? linear[place] : others[place]
      let shift = moments[a].mean - moments[b].mean
      // Rounding may leave slightly less than 0 when two models differ by a constant.
      let centered = max(0, tensor.sums.l2[p] - count * shift * shift)
      let isEqual = tensor.sums.l2[p] == 0
      guard !(isEqual && isFixed[a]) else { return }
      let energies = moments[a].m2 + moments[b].m2
      let inner = (energies - centered) / 2
      pair.apart += centered
      pair.energies += energies
      pair.tensors += 1
      pair.weights += count
      // Both signs: a pair of maps may be negated without any effect.
      if isEqual || abs(inner) > max(bound, Self.clearCosine) * length {
        pair.kinTensors += 1
        pair.kinWeights += count
        if isTable { pair.hasKinTable = true }
      } else {
        unclear.append(Unclear(pair: place, a: a, b: b, inner: inner, length: length))
      }
      if isLinear { linear[place] = pair } else { others[place] = pair }
    }
    if isLinear { addLinear(unclear, tensor, count, bound) } else { addOthers(unclear, count, bound, isTable) }
  }

  /// A tensor of one pair that is neither equal nor in nearly the same direction.
  private struct Unclear: Sendable {
    var pair: Int
    var a: Int
    var b: Int
    /// Of the centered weights, and the product of their lengths.
    var inner: Double
    var length: Double
  }

  private mutating func addOthers(_ unclear: [Unclear], _ count: Double, _ bound: Double, _ isTable: Bool) {
    for found in unclear {
      if abs(found.inner) > bound * found.length {
        others[found.pair].kinTensors += 1
        others[found.pair].kinWeights += count
        if isTable { others[found.pair].hasKinTable = true }
      } else {
        others[found.pair].inner += found.inner
        others[found.pair].lengths += found.length
      }
    }
  }

  private mutating func addLinear(_ unclear: [Unclear], _ tensor: TensorSums, _ count: Double, _ bound: Double) {
    let permutations =
      unclear.isEmpty ? nil : tensor.sums.samples.first.flatMap { UnitPermutations($0, models: tensor.models.count) }
    let isOpen = unclear.map { linear[$0.pair].tested < Self.mostTested }
    let terms = Parallel.map(unclear.count, least: 64) { k -> UnitPermutations.Term? in
      isOpen[k] ? permutations?.term(unclear[k].a, unclear[k].b) : nil
    }
    for (found, term) in zip(unclear, terms) {
      var pair = linear[found.pair]
      // What two have in common by the structure of such networks alone is no kinship.
      let isBeyondChance = term.map { abs($0.along) > Self.unitDeviations * $0.variance.squareRoot() } ?? true
      if isBeyondChance, abs(found.inner) > bound * found.length {
        pair.kinTensors += 1
        pair.kinWeights += count
      } else {
        pair.inner += found.inner
        pair.lengths += found.length
        if let term {
          pair.along += term.along
          pair.variance += term.variance
          pair.largest = max(pair.largest, term.largest)
          pair.tested += 1
        }
      }
      linear[found.pair] = pair
    }
  }

  /// Weights that nobody trained, by what they are: position numbers and masks.
  private static func isFixed(_ moments: Moments) -> Bool {
    let n = moments.count
    guard n > 0, moments.notFinite == 0 else { return false }
    if moments.minimum == 0, moments.maximum == n - 1, moments.mean == (n - 1) / 2 { return true }
    // Of zeros and ones the squares add up to as much as they do themselves.
    return moments.minimum == 0 && moments.maximum == 1
      && abs(moments.energy - n * moments.mean) <= 1e-9 * moments.energy
  }

  private func pair(_ i: Int, _ j: Int) -> Pair {
    let place = index(min(i, j), max(i, j))
    return linear[place].tensors > 0 ? linear[place] : others[place]
  }

  /// |x - y|^2 / (|x|^2 + |y|^2) of the centered weights, n x n; 0 on the diagonal, NaN for pairs
  /// without shared weights, about 1 for strangers.
  package var ratio: SquareMatrix {
    matrix(diagonal: 0) { $0.energies > 0 ? $0.apart / $0.energies : .nan }
  }

  /// Probability of what two models have in common if they were initialized independently, n x n; NaN for pairs
  /// without shared weights. Not below 1e-15 where single tensors leave no doubt.
  package var probability: SquareMatrix {
    var matrix = SquareMatrix(n, filledWith: .nan)
    index.forEach { place, i, j in matrix.setBoth(i, j, probability(place)) }
    return matrix
  }

  private func matrix(diagonal: Double, _ value: (Pair) -> Double) -> SquareMatrix {
    var matrix = SquareMatrix(n, filledWith: diagonal)
    index.forEach { _, i, j in matrix.setBoth(i, j, value(pair(i, j))) }
    return matrix
  }

  package func areRelated(_ i: Int, _ j: Int) -> Bool {
    guard i != j else { return true }
    return probability(index(min(i, j), max(i, j))) < Self.significance
  }

  /// Are two models related, but by hardly more than half of what they share? Such a pair alone does not make one
  /// family of two.
  package func isDivided(_ i: Int, _ j: Int) -> Bool {
    guard i != j else { return false }
    let place = index(min(i, j), max(i, j))
    return isMostlyKin(place) && !isClearlyKin(linear[place])
  }

  /// Is some of what two models share kin?
  package func hasCommonPart(_ i: Int, _ j: Int) -> Bool {
    i != j && (pair(i, j).kinTensors > 0 || others[index(min(i, j), max(i, j))].hasKinTable)
  }

  /// Is most of what a pair shares kin? Where the linear maps are of two origins, the tables are counted as well, so
  /// that a model has one family.
  private func isMostlyKin(_ place: Int) -> Bool {
    let (linear, others) = (self.linear[place], self.others[place])
    guard linear.tensors > 0 else {
      return others.tensors > 0 && 2 * others.kinTensors >= others.tensors && 2 * others.kinWeights >= others.weights
    }
    if isClearlyKin(linear) { return true }
    let shares = Self.kinShares(linear)
    guard shares.allSatisfy({ $0 >= Self.clearlyFew }) else { return false }
    guard others.weights > 0 else { return shares.allSatisfy { $0 >= 0.5 } }
    return 2 * (linear.kinWeights + others.kinWeights) > linear.weights + others.weights
  }

  private func isClearlyKin(_ linear: Pair) -> Bool {
    linear.tensors == 0 || Self.kinShares(linear).allSatisfy { $0 >= Self.clearlyMost }
  }

  private static func kinShares(_ linear: Pair) -> [Double] {
    [Double(linear.kinTensors) / Double(linear.tensors), linear.kinWeights / linear.weights]
  }

  /// Shares of the linear maps from which on no table needs to be asked, and below which none helps.
  private static let clearlyMost = 2.0 / 3
  private static let clearlyFew = 1.0 / 3

  private func probability(_ place: Int) -> Double {
    let pair = linear[place].tensors > 0 ? linear[place] : others[place]
    guard pair.tensors > 0 else { return .nan }
    if isMostlyKin(place) { return 1e-15 }
    guard pair.lengths > 0 else { return 1 }
    guard pair.variance > 0 else {
      // Without submatrices only what vectors and tables say: their structure is not known.
      let weights = pair.weights - pair.kinWeights
      let z = pair.inner / pair.lengths / max(Self.leastCosine / Self.deviations, 1 / max(1, weights).squareRoot())
      return Self.upperTail(z)
    }
    let z = pair.along / pair.variance.squareRoot()
    guard z > Self.tail else { return Self.upperTail(z) }
    // Bernstein's correction: few units that carry much of a sum make large values likelier.
    return Self.upperTail(max(Self.tail, z / (1 + pair.largest * pair.along / (3 * pair.variance)).squareRoot()))
  }

  /// Of the standard normal distribution.
  private static func upperTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }
}
