/// What brings a stored tensor into the form of the canonical tensors that it holds.
package struct Rearrangement: Sendable, Hashable {
  /// One step; its raw value is its name in the dialects' files.
  package enum Step: String, Sendable, Decodable {
    /// Rows become columns.
    case transpose
    /// Extents of 1 behind the first two are dropped: a convolution of one pixel is a linear map.
    case squeeze
    /// The rows of several tensors lie one below the other.
    case splitRows = "split-rows"
    /// Rotary rows of a head go from neighbors (0, 1), (2, 3), ... to halves (0, h), (1, h + 1), ...
    case pairsToHalves = "pairs-to-halves"
    /// The queries of a group of heads, their key and their value, one group after another, become three tensors.
    /// A group may be a single head.
    case splitGroups = "split-groups"
    /// The outermost extent numbers the experts.
    case splitExperts = "split-experts"
    /// Rows of two tensors alternate.
    case splitAlternating = "split-alternating"
    /// The first half of the rows comes last.
    case swapHalves = "swap-halves"

    /// Must the size of a head be known?
    package var needsHeads: Bool { self == .pairsToHalves || self == .splitGroups }
  }

  package var steps: [Step]
  /// The canonical names of what comes out.
  package var results: [String]

  package init(steps: [Step], results: [String]) {
    self.steps = steps
    self.results = results
  }
}
