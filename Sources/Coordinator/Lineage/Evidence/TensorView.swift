package import Core

/// One tensor as the rules see it: what is needed of each model is computed once.
package struct TensorView: Sendable {
  package let tensor: TensorSums
  /// Sums of squares per model.
  let energies: [Double]
  /// Kurtosis per model; 0 for constant tensors, which say nothing.
  let kurtosis: [Double]
  let norms: [Double]
  private let logEnergies: [Double]
  /// Logs of the energies of the lower three quarters of the spectrum; NaN: not known.
  private let logLower: [Double]

  /// Parts of the spectrum that count as its upper end.
  private static let upperBands = 2

  package init(_ tensor: TensorSums) {
    self.tensor = tensor
    energies = tensor.sums.moments.map(\.energy)
    norms = energies.map { $0.squareRoot() }
    kurtosis = tensor.sums.moments.map { $0.kurtosis.isNaN ? 0 : $0.kurtosis }
    logEnergies = energies.map { Logarithm.of($0) }
    let bands = tensor.sums.bands
    logLower = energies.indices.map { model in
      guard !bands.isEmpty else { return .nan }
      let own = bands[model * SpectrumGrid.bands..<(model + 1) * SpectrumGrid.bands]
      return Logarithm.of(own.dropFirst(Self.upperBands).reduce(0, +))
    }
  }

  /// Squared angle between the tensors of the models at places a and b, the difference of their
  /// norms taken out: (|x - y|^2 - (|x| - |y|)^2) / (|x| |y|); 0 where one is zero.
  func squaredAngle(_ pair: Int, _ a: Int, _ b: Int) -> Double { angle(pair, a, b).square }

  /// The squared angle, and whether it is that of one tensor and the other's negative: where the two point in opposite
  /// directions, their sign is arbitrary (one of a pair of maps that were both negated).
  func angle(_ pair: Int, _ a: Int, _ b: Int) -> (square: Double, isTurned: Bool) {
    let product = norms[a] * norms[b]
    guard product > 0 else { return (0, false) }
    let longer = norms[a] - norms[b]
    let energy = energies[a] + energies[b]
    let isTurned = tensor.sums.l2[pair] > energy + product
    let apart = isTurned ? 2 * energy - tensor.sums.l2[pair] : tensor.sums.l2[pair]
    return (max(0, apart - longer * longer) / product, isTurned)
  }

  /// As much of the errors of rounding is taken out of angles, since some writers choose scales that leave less.
  private static let certain = 0.8
  /// What is left of a squared angle at least.
  private static let least = 0.05

  /// `squaredAngle` without what roundings add to it that are at right angles to all else.
  func quietSquaredAngle(_ pair: Int, _ a: Int, _ b: Int) -> Double {
    let squared = squaredAngle(pair, a, b)
    guard !tensor.independentNoise.isEmpty, squared > 0 else { return squared }
    return max(Self.least * squared, squared - Self.certain * (tensor.independentNoise[a] + tensor.independentNoise[b]))
  }

  func terms(_ pair: Int, _ a: Int, _ b: Int) -> DirectionModel.Terms {
    DirectionModel.terms(
      t: squaredAngle(pair, a, b), lower: (logLower[b] - logLower[a]) / 2,
      plain: (logEnergies[b] - logEnergies[a]) / 2)
  }

  /// Effective ranks of the differences of tensors, each scaled to length 1; see `EffectiveRank`.
  ///
  /// - Parameter pairs: in the sums, and the places of their models there.
  func effectiveRanks(_ pairs: [(pair: Int, a: Int, b: Int)]) -> [Double] {
    guard let block = tensor.sums.samples.first else { return pairs.map { _ in largestEffectiveRank } }
    // Where the angle is 0, the distance is 0 as well.
    let angles = pairs.map { angle($0.pair, $0.a, $0.b) }
    let asked = pairs.indices.filter { angles[$0].square > 0 }
    let found = EffectiveRank.of(
      block,
      asked.map { k in
        EffectiveRank.Pair(
          first: pairs[k].a, second: pairs[k].b, firstScale: 1 / norms[pairs[k].a],
          secondScale: (angles[k].isTurned ? -1 : 1) / norms[pairs[k].b])
      })
    var ranks = pairs.map { _ in largestEffectiveRank }
    // The samples may miss the few weights that differ.
    for (k, value) in zip(asked, found) { ranks[k] = value.isNaN ? 1 : value }
    return ranks
  }

  /// What the effective rank can be at most.
  var largestEffectiveRank: Double { EffectiveRank.largest(tensor.shape) }
}
