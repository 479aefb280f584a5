internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// Computes the tensors of a chain in the coordinates of another.
struct RestoredChain {
  private let own: ChainWeights
  private let gauge: ChainGauge
  /// By tensor, the step that a vector belongs to, and what it is for.
  private let vectors: [Int: (step: Int, use: ChainLayout.Use)]

  init(_ own: ChainWeights, by gauge: ChainGauge) {
    self.own = own
    self.gauge = gauge
    var vectors: [Int: (step: Int, use: ChainLayout.Use)] = [:]
    for (step, known) in own.layout.steps.enumerated() {
      for vector in known.vectors { vectors[vector.number] = (step, vector.use) }
    }
    self.vectors = vectors
  }

  /// - Returns: the numbers of a tensor, row-major.
  func values(_ number: Int) throws(Failure) -> [Float] {
    if let step = own.layout.steps.firstIndex(where: { $0.weight == number }) {
      return gauge.restored(try own.matrix(step), step, own.layout).values.map { Float($0) }
    }
    let numbers = try own.model.tensors[number].values()
    guard let (step, use) = vectors[number] else { return numbers }
    return gauge.restored(numbers.map(Double.init), step, use).map { Float($0) }
  }
}
