package import Core

/// Models that are others, rounded to a coarser encoding: by what their files say of their encodings.
///
/// Rounding leaves an error whose size is known: the mean squared error of the encoding times the square of the weights.
/// The model that was rounded is about so far from its source, in the tensors whose encodings differ, and in all others
/// not at all. Descendants of the source are further away; what was trained from the rounded model is nearer.
package struct QuantizedCopies: Sendable {
  /// What the tensors say of one pair.
  private struct Pair: Sendable {
    /// Learned tensors that both have, and those of them that are equal bit for bit.
    var learned: Int32 = 0
    var identical: Int32 = 0
    /// Numbers in the former, and in the latter.
    var numbers = 0.0
    var identicalNumbers = 0.0
    /// Tensors that are no further apart than their roundings explain.
    var agreeing: Int32 = 0
    /// If the first (0) or the second (1) was rounded: tensors that it stores more coarsely, and numbers in them; those
    /// of the tensors that are no further apart than roundings explain; the squared error that is expected; the squared
    /// distance.
    var coarse = SIMD2<Int32>.zero
    var coarseNumbers = SIMD2<Double>.zero
    var agreeingCoarse = SIMD2<Int32>.zero
    var expected = SIMD2<Double>.zero
    var apart = SIMD2<Double>.zero
    /// Squared distance and mean of the sums of squares, of all learned tensors.
    var distance = 0.0
    var energy = 0.0
  }

  private let n: Int
  private let index: PairIndex
  private var pairs: [Pair]
  /// Per model: numbers, and the errors of their encodings, added up.
  private var numbers: [Double]
  private var errors: [Double]

  /// An encoding whose error is so much larger, in squares, is coarser.
  private static let coarser = 4.0
  /// Squared distance over the expected one. Below, the other model was made from the rounded one; above, it is another
  /// relative. GPTQ's errors are larger than those of rounding, as it moves weights before.
  private static let believable = 0.3...5.0
  /// The same of tensors that both store as finely.
  private static let roundings = 3.0
  /// Sources that are as likely: their distances differ by no more.
  private static let tie = 1.02
  /// Equal tensors, and numbers in them, below which kinship is not proven.
  private static let fewestIdentical: Int32 = 3
  private static let fewestNumbers = 512.0

  package init(models n: Int) {
    self.n = n
    index = PairIndex(n)
    pairs = Array(repeating: Pair(), count: n * (n - 1) / 2)
    numbers = Array(repeating: 0, count: n)
    errors = numbers
  }

  package mutating func add(_ tensor: TensorSums) {
    let moments = tensor.sums.moments
    let noise = tensor.noise.isEmpty ? moments.map { _ in 0 } : tensor.noise
    for (place, model) in tensor.models.enumerated() {
      numbers[model] += Double(tensor.shape.elements)
      errors[model] += noise[place] * Double(tensor.shape.elements)
    }
    tensor.forEachPair { p, a, b in
      // Constants are alike without being related.
      guard moments[a].m2 > 0, moments[b].m2 > 0 else { return }
      let place = index(tensor.models[a], tensor.models[b])
      let l2 = tensor.sums.l2[p]
      let energy = (moments[a].energy + moments[b].energy) / 2
      let agrees = l2 <= Self.roundings * (noise[a] + noise[b]) * energy
      pairs[place].learned += 1
      pairs[place].numbers += Double(tensor.shape.elements)
      pairs[place].distance += l2
      pairs[place].energy += energy
      if l2 == 0 {
        pairs[place].identical += 1
        pairs[place].identicalNumbers += Double(tensor.shape.elements)
      }
      if agrees { pairs[place].agreeing += 1 }
      let side = noise[a] > Self.coarser * noise[b] ? 0 : noise[b] > Self.coarser * noise[a] ? 1 : nil
      guard let side else { return }
      pairs[place].coarse[side] += 1
      pairs[place].coarseNumbers[side] += Double(tensor.shape.elements)
      if agrees { pairs[place].agreeingCoarse[side] += 1 }
      pairs[place].expected[side] += (noise[a] + noise[b]) * energy
      pairs[place].apart[side] += l2
    }
  }

  /// Errors of encodings, in the mean, from which on energies and spectra say more about them than about training.
  package static let coarse = 1e-4

  /// Models most of whose weights are stored so coarsely that finer comparisons are idle.
  package var coarseModels: Set<Int> {
    Set((0..<n).filter { numbers[$0] > 0 && errors[$0] / numbers[$0] > Self.coarse })
  }

  /// How far a model is from what rounding another one would have made, as a factor on the squared distance; nil where
  /// it is no rounded copy of it.
  package func ratio(source: Int, copy: Int) -> Double? {
    guard source != copy else { return nil }
    let pair = pairs[index(min(source, copy), max(source, copy))]
    let side = copy < source ? 0 : 1
    // Formats keep vectors as floats while they round maps: both models store some tensors more coarsely. The one that
    // has more of the numbers so is the one that was rounded; of two models it can be one only.
    guard pair.expected[side] > 0, pair.coarseNumbers[side] > pair.coarseNumbers[1 - side] else { return nil }
    let ratio = pair.apart[side] / pair.expected[side]
    let rest = pair.learned - pair.coarse[side]
    // A few tensors do not show that all was rounded: unless they have most numbers, most others have to be the same.
    let isMost = 2 * pair.coarseNumbers[side] >= pair.numbers
    let agreeing = isMost ? pair.agreeing - pair.agreeingCoarse[side] : pair.identical
    return Self.believable ~= ratio && 2 * agreeing >= rest ? ratio : nil
  }

  /// The models that a model may have been rounded from: the best, and those that are as good.
  ///
  /// Other copies of the same source look like sources of coarser ones. Small numbers become zero in all of them, so that
  /// distances do not tell whether a copy was made from a copy: it counts as one of the original.
  package func sources(of copy: Int, among members: [Int]) -> [Int] {
    let all = members.compactMap { source in
      ratio(source: source, copy: copy).map { (source: source, ratio: $0, share: identicalShare(source, copy)) }
    }
    let found = all.filter { one in
      !all.contains { ratio(source: $0.source, copy: one.source) != nil }
    }
    guard let share = found.map(\.share).max() else { return [] }
    let best = found.filter { $0.share == share }
    guard let least = best.map(\.ratio).min() else { return [] }
    return best.filter { $0.ratio <= least * Self.tie }.map(\.source)
  }

  /// The models that are others of their families, in a coarser encoding.
  package func copies(_ families: FamilyGroups) -> Set<Int> {
    Set(
      families.families.flatMap { family in family.distinct.filter { !sources(of: $0, among: family.distinct).isEmpty }
      })
  }

  /// Squared distance over the sum of squares, of what two models share; NaN where that is nothing.
  package func relativeDistance(_ i: Int, _ j: Int) -> Double {
    guard i != j else { return 0 }
    let pair = pairs[index(min(i, j), max(i, j))]
    return pair.energy > 0 ? pair.distance / pair.energy : .nan
  }

  /// Is a model so much nearer to a copy than to its source that it may have been trained from the copy?
  ///
  /// The error of rounding is at right angles to what training did, up to chance: it adds its square to the squared
  /// distance of what was trained from the other one. Where chance is larger than that, nobody can tell, and models are
  /// trained from originals more often.
  func isNearer(_ model: Int, toCopy copy: Int, thanTo source: Int) -> Bool {
    let apart = relativeDistance(source, model)
    let error = relativeDistance(source, copy) / apart
    let chance = 2 * (error / numbers[copy]).squareRoot()
    return error > Self.clear * chance && relativeDistance(copy, model) / apart < 1 - error / 2
  }

  /// In standard deviations.
  private static let clear = 3.0

  /// The models that most tensors of a model are equal to, bit for bit, if that proves kinship.
  package func equals(of copy: Int, among members: [Int]) -> [Int] {
    let found = members.filter { $0 != copy && provesKinship($0, copy) }
    let most = found.map { identicalTensors($0, copy) }.max()
    return found.filter { identicalTensors($0, copy) == most }
  }

  /// Share of the learned tensors of two models that are equal bit for bit; 0 where there are none.
  package func identicalShare(_ i: Int, _ j: Int) -> Double {
    guard i != j else { return 1 }
    let pair = pairs[index(min(i, j), max(i, j))]
    return pair.learned > 0 ? Double(pair.identical) / Double(pair.learned) : 0
  }

  /// Learned tensors that are equal bit for bit.
  package func identicalTensors(_ i: Int, _ j: Int) -> Int {
    i == j ? 0 : Int(pairs[index(min(i, j), max(i, j))].identical)
  }

  /// Are at least half of what two models share equal bit for bit, and is that enough to exclude chance?
  package func provesKinship(_ i: Int, _ j: Int) -> Bool {
    guard i != j else { return true }
    let pair = pairs[index(min(i, j), max(i, j))]
    return pair.identical >= Self.fewestIdentical && pair.identicalNumbers >= Self.fewestNumbers
      && 2 * pair.identical >= pair.learned
  }
}
