internal import Core
internal import Spectra

/// The numerical ranks of the differences of one tensor, from its sketches.
///
/// Two thresholds decide which singular values count. The first is numpy's: `matrix_rank` of the float32 difference
/// counts those above the largest one times max(rows, columns) times 2^-23. The second is the noise of rounding:
/// stored weights are off by up to half a unit in the last place, which makes every difference full-rank
/// by a little. The noise has no singular value above the root of its largest row sum plus the root of
/// its largest column sum of error variances (Bandeira and van Handel 2016; for equal variances the edge
/// of Marchenko and Pastur). Where weights are stored as float32, numpy's threshold is above twice that
/// edge, and the rank is numpy's. Where they were rounded to 16 bits it is far below, and numpy calls
/// every difference full-rank; there `NoiseFloor` determines the rank.
struct RankRule: Sendable {
  /// Error variances of one model in the space of the sketch, added up along rows and columns.
  private struct Noise: Sendable {
    var rows: [Double]
    var columns: [Double]
  }

  /// Between numpy's threshold divided and multiplied by this, a sketch does not show on which side a
  /// singular value is: sketching stretches them.
  private static let doubt: Float = 8
  private static let margin = 2.0

  private let sketch: Sketch
  private let tensor: TensorShape
  private let noise: [Noise]
  private let countsNoise: Bool

  /// - Parameters:
  ///   - stored: unit roundoff of the type that each model is stored in, by model number.
  ///   - countsNoise: does the noise of rounding count? To numpy it does not.
  init(_ sketch: Sketch, of tensor: TensorSums, stored: [Double], countsNoise: Bool) {
    self.sketch = sketch
    self.tensor = tensor.shape
    self.countsNoise = countsNoise
    let isWhole = Self.isWhole(sketch.shape, tensor.shape)
    noise = Parallel.map(tensor.models.count) { place in
      let unit = StorageGrid.roundoff(
        tensor.sums.samples.map { $0.values(of: place) }, stored: stored[tensor.models[place]])
      let values = sketch.values(of: place)
      let variances = values.map {
        isWhole ? StorageGrid.variance(of: $0, unit) : StorageGrid.meanVariance(ofSum: $0, unit)
      }
      return Self.noise(variances, sketch.shape)
    }
  }

  private static func isWhole(_ sketch: SampleShape, _ tensor: TensorShape) -> Bool {
    sketch.rows >= tensor.rows && sketch.columns >= tensor.columns
  }

  private static func noise(_ variances: [Double], _ shape: SampleShape) -> Noise {
    var noise = Noise(
      rows: Array(repeating: 0, count: shape.rows), columns: Array(repeating: 0, count: shape.columns))
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        let variance = variances[row * shape.columns + column]
        noise.rows[row] += variance
        noise.columns[column] += variance
      }
    }
    return noise
  }

  /// - Parameters:
  ///   - a: place of the first model in the tensor's list; `b` of the second.
  /// - Returns: nil where weights are not finite.
  func rank(_ a: Int, _ b: Int) -> DifferenceRank? {
    let difference = zip(sketch.values(of: a), sketch.values(of: b)).map { Float($0 - $1) }
    guard let values = SingularValues.likeNumpy(difference, shape: sketch.shape), let largest = values.first
    else { return nil }
    let tolerance = largest * Float(max(tensor.rows, tensor.columns)) * Float.ulpOfOne
    let above = values.count { $0 > tolerance }
    var rank = above
    var isHidden = false
    if countsNoise, Self.margin * edge(a, b) > Double(tolerance) {
      let found = NoiseFloor.rank(
        difference, shape: sketch.shape, stretch: stretch, rows: zip(noise[a].rows, noise[b].rows).map(+),
        columns: zip(noise[a].columns, noise[b].columns).map(+))
      guard let found else { return nil }
      rank = min(rank, found.rank)
      isHidden = found.isHidden
    }
    let isClear = !values.contains { $0 > tolerance / Self.doubt && $0 < tolerance * Self.doubt }
    let side = min(sketch.shape.rows, sketch.shape.columns)
    let isSaturated = isHidden || side < min(tensor.rows, tensor.columns) && 8 * rank > 7 * side
    let isExact =
      rank == above
      && (Self.isWhole(sketch.shape, tensor) || isClear && !isSaturated && hasRoom(for: rank))
    return DifferenceRank(rank: rank, isExact: isExact, isSaturated: isSaturated)
  }

  /// The largest singular value of the compressing maps of both sides: an m x a matrix of independent
  /// entries of variance 1/m has none above 1 + sqrt(a/m).
  private var stretch: Double {
    func side(_ kept: Int, of all: Int) -> Double {
      kept >= all ? 1 : 1 + (Double(kept) / Double(all)).squareRoot()
    }
    return side(sketch.shape.rows, of: tensor.rows) * side(sketch.shape.columns, of: tensor.columns)
  }

  private func edge(_ a: Int, _ b: Int) -> Double {
    func largest(_ side: KeyPath<Noise, [Double]>) -> Double {
      zip(noise[a][keyPath: side], noise[b][keyPath: side]).reduce(0) { max($0, $1.0 + $1.1) }
    }
    return largest(\.rows).squareRoot() + largest(\.columns).squareRoot()
  }

  /// Are the compressed sides of the sketch at least twice as long as the rank?
  private func hasRoom(for rank: Int) -> Bool {
    (sketch.shape.rows >= tensor.rows || sketch.shape.rows >= 2 * rank)
      && (sketch.shape.columns >= tensor.columns || sketch.shape.columns >= 2 * rank)
  }
}
