package import Core

/// How far two models are apart, from the sums of the tensors they share.
package enum DistanceMetric: String, Sendable, CaseIterable, Codable {
  /// Mean over linear maps of the angle between the tensors times the effective rank of the
  /// difference: nuclear over Frobenius norm. It rewards few large directions over many small ones, so full and
  /// low-rank fine-tunes share one scale; angles ignore weight decay. Pairs that are not near
  /// relatives get the largest possible one.
  case auto
  /// Euclidean distance over all shared weights.
  case l2
  /// Sum of absolute differences over all shared weights.
  case l1
  /// Largest absolute difference of any shared weight.
  case max
  /// Sum of the numerical ranks of the differences of linear maps.
  case lora
  /// The published distance of full fine-tunes: the largest difference of any weight, each square
  /// matrix on a scale from the least to the largest of its family.
  case motherFT = "mother-ft"
  /// The published distance of low-rank updates: the sum of `numpy.linalg.matrix_rank` of the
  /// differences of square matrices.
  case motherLoRA = "mother-lora"

  /// Is it a distance of the published rules, which then act alone?
  package var isPublished: Bool { self == .motherFT || self == .motherLoRA }

  /// What the shards must compute for it, beside what they always do.
  package var statistics: Statistics {
    switch self {
    case .auto, .l2: []
    case .l1: .l1
    case .max: .max
    case .lora: .sketch
    // Mean absolute differences decide the families.
    case .motherFT: [.extremes, .l1, .square]
    case .motherLoRA: [.sketch, .square]
    }
  }

  /// The definition, for readers and result files.
  package var definition: String {
    switch self {
    case .auto:
      "mean over linear maps of the angle times nuclear over Frobenius norm of the difference of unit tensors"
    case .l2: "square root of the sum of squared differences over all shared tensors"
    case .l1: "sum of absolute differences over all shared tensors"
    case .max: "largest absolute difference over all shared tensors"
    case .lora: "sum over linear maps of the numerical rank of the difference, less the noise of rounding"
    case .motherFT:
      "maximum over square matrices of (max(x - y) - lo) / (hi - lo), x before y, lo and hi of the family; NaN between families"
    case .motherLoRA:
      "sum over square matrices of numpy.linalg.matrix_rank of the float32 difference; NaN between families"
    }
  }

  /// Does it use linear maps alone?
  var isLinear: Bool { self == .auto || self == .lora }

  /// What a tensor adds to the distance of a pair, given its view and the effective rank of the difference.
  func term(_ view: TensorView, _ pair: Int, _ a: Int, _ b: Int, effectiveRank: @autoclosure () -> Double) -> Double {
    let sums = view.tensor.sums
    switch self {
    case .auto:
      let angle = view.quietSquaredAngle(pair, a, b).squareRoot()
      return angle > 0 ? angle * effectiveRank() : 0
    case .l2: return sums.l2[pair]
    case .l1: return sums.l1[pair]
    case .max: return sums.max[pair]
    case .lora, .motherLoRA:
      return view.tensor.ranks.isEmpty ? 0 : view.tensor.ranks[pair].map { Double($0.rank) } ?? .nan
    // Its scale is the family's: see `PublishedRules`.
    case .motherFT: return .nan
    }
  }

  /// Adds a tensor's term.
  func combine(_ sum: Double, _ term: Double) -> Double {
    self == .max ? Swift.max(sum, term) : sum + term
  }

  /// The distance from the sum of the terms of `count` tensors; NaN where there are none.
  func distance(_ sum: Double, _ count: Double) -> Double {
    guard count > 0 else { return .nan }
    return switch self {
    case .auto: sum / count
    case .l2: sum.squareRoot()
    case .l1, .max, .lora, .motherFT, .motherLoRA: sum
    }
  }
}
