internal import Core
package import Fingerprints

/// How near two models are, by their fingerprints alone.
package struct FingerprintPair: Sendable {
  /// Mean squared angle of the tensors that both have, linear maps where there are any; infinite without any.
  package let apart: Double
  /// Tensors that both have.
  package let tensors: Int

  package init(_ one: ModelFingerprint, _ other: ModelFingerprint) {
    let shared = FingerprintSums.of([one, other])
    tensors = shared.count
    let linear = shared.filter { $0.role == .linear }
    let used = linear.isEmpty ? shared.filter { $0.part != .constant } : linear
    let angles = used.compactMap { tensor -> Double? in
      let energies = tensor.sums.moments.map(\.energy)
      let product = (energies[0] * energies[1]).squareRoot()
      guard product > 0 else { return nil }
      let longer = energies[0].squareRoot() - energies[1].squareRoot()
      return max(0, tensor.sums.l2[0] - longer * longer) / product
    }
    apart = angles.isEmpty ? .infinity : angles.reduce(0, +) / Double(angles.count)
  }
}
