internal import Core
internal import System

/// Tensors with the ranks of their differences in place of their sketches. They are computed when a
/// tensor is read for the first time, and kept: a little more than four bytes per pair.
final class RankedTensors<Base: TensorSource>: TensorSource {
  private let base: Base
  private let stored: [Double]
  private let countsNoise: Bool
  private let noise: (_ tensor: Int, _ model: Int) -> Double
  private let independentNoise: (_ tensor: Int, _ model: Int) -> Double
  /// By position of the tensor.
  private var known: [Int: [DifferenceRank?]] = [:]

  /// - Parameters:
  ///   - stored: unit roundoff of the type that each model is stored in.
  ///   - countsNoise: see `RankRule`.
  ///   - noise, independentNoise: see `LineageProblem`.
  init(
    _ base: Base, stored: [Double], countsNoise: Bool,
    noise: @escaping (_ tensor: Int, _ model: Int) -> Double = { _, _ in 0 },
    independentNoise: @escaping (_ tensor: Int, _ model: Int) -> Double = { _, _ in 0 }
  ) {
    self.noise = noise
    self.independentNoise = independentNoise
    self.base = base
    self.stored = stored
    self.countsNoise = countsNoise
  }

  var roles: [TensorRole] { base.roles }

  var models: [[Int]] { base.models }

  func eachTensor(
    where isWanted: (Int) -> Bool, _ body: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    var asked: [Int] = []
    func isNext(_ number: Int) -> Bool {
      guard isWanted(number) else { return false }
      asked.append(number)
      return true
    }
    try base.eachTensor(where: isNext) { tensor throws(Failure) in
      let number = asked.removeFirst()
      var tensor = tensor
      tensor.noise = tensor.models.map { noise(number, $0) }
      tensor.independentNoise = tensor.models.map { independentNoise(number, $0) }
      if let sketch = tensor.sums.sketch {
        tensor.sums.sketch = nil
        let ranks = known[number] ?? ranks(sketch, tensor)
        known[number] = ranks
        tensor.ranks = ranks
      }
      try body(tensor)
    }
  }

  private func ranks(_ sketch: Sketch, _ tensor: TensorSums) -> [DifferenceRank?] {
    let rule = RankRule(sketch, of: tensor, stored: stored, countsNoise: countsNoise)
    var pairs: [(a: Int, b: Int)] = []
    tensor.forEachPair { _, a, b in pairs.append((a, b)) }
    let (all, l2) = (pairs, tensor.sums.l2)
    return Parallel.map(all.count) { p in
      l2[p] == 0
        ? DifferenceRank(rank: 0, isExact: true, isSaturated: false) : rule.rank(all[p].a, all[p].b)
    }
  }
}
