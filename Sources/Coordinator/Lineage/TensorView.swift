public import Core

/// One tensor as the rules see it: what is asked of it per model is computed once.
public struct TensorView: Sendable {
  public let tensor: TensorSums
  /// Sums of squares per model.
  let energies: [Double]
  /// Kurtosis per model; 0 for constant tensors, which say nothing.
  let kurtosis: [Double]
  private let norms: [Double]
  private let logEnergies: [Double]
  /// Logs of the energies of the lower three quarters of the spectrum; NaN: not known.
  private let logLower: [Double]

  /// Parts of the spectrum that count as its upper end.
  private static let upperBands = 2

  public init(_ tensor: TensorSums) {
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
  func squaredAngle(_ pair: Int, _ a: Int, _ b: Int) -> Double {
    let product = norms[a] * norms[b]
    guard product > 0 else { return 0 }
    let longer = norms[a] - norms[b]
    return max(0, tensor.sums.l2[pair] - longer * longer) / product
  }

  func terms(_ pair: Int, _ a: Int, _ b: Int) -> DirectionModel.Terms {
    DirectionModel.terms(
      t: squaredAngle(pair, a, b), lower: (logLower[b] - logLower[a]) / 2,
      plain: (logEnergies[b] - logEnergies[a]) / 2)
  }

  /// Nuclear over Frobenius norm of the difference of the two tensors, each scaled to length 1.
  func spread(_ a: Int, _ b: Int) -> Double {
    guard let block = tensor.sums.samples.first, norms[a] > 0, norms[b] > 0 else { return largestSpread }
    let value = Spread.of(block, a, scale: 1 / norms[a], b, scale: 1 / norms[b])
    // The samples may miss what few weights differ.
    return value.isNaN ? 1 : value
  }

  /// What the spread can be at most.
  var largestSpread: Double { Spread.largest(tensor.shape) }
}
