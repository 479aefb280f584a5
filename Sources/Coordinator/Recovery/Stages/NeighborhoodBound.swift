package import Core
internal import Foundation

/// How near the models may be that a neighborhood left out: distances by samples, held against those by all weights.
///
/// How far off samples are is measured on near pairs of which both are known. A pair that was left out is granted a distance
/// that is five standard deviations of the logarithm of their ratio below what is expected, or as far below as any was seen.
package struct NeighborhoodBound {
  /// Standard deviation of the logarithm; infinite where too few pairs tell.
  package let error: Double
  private let shift: Double
  private let leftOut: [Int: PairCover.Near]

  private static let deviations = 5.0
  private static let fewest = 8

  /// - Parameters:
  ///   - distances: of two models by all weights, as the samples' are measured; NaN where they were not compared.
  package init(_ cover: PairCover, distances: (Int, Int) -> Double) {
    var ratios: [Double] = []
    for (model, near) in cover.compared.sorted(by: { $0.key < $1.key }) {
      for other in near {
        let ratio = log(distances(model, other.model) / other.distance)
        if ratio.isFinite { ratios.append(ratio) }
      }
    }
    leftOut = cover.leftOut
    guard ratios.count >= Self.fewest else {
      (error, shift) = (.infinity, -.infinity)
      return
    }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    error = (ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ratios.count - 1)).squareRoot()
    // No less than what was seen.
    shift = min(mean - Self.deviations * error, ratios.min() ?? mean)
  }

  /// The model that may be nearer than another one, and was not compared; nil where there is none.
  ///
  /// - Parameter distance: to the other one, by all weights; NaN: not known.
  package func nearer(to model: Int, than distance: Double) -> Int? {
    guard let near = leftOut[model] else { return nil }
    return near.distance * exp(shift) > distance ? nil : near.model
  }
}
