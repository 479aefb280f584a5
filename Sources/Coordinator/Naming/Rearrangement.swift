/// What brings a stored tensor into the form of the reference dialect.
package struct Rearrangement: Sendable, Hashable {
  /// One step; its raw value is its name in the dialects' files.
  package enum Step: String, Sendable, Decodable {
    /// Rows become columns.
    case transpose
    /// The rows of several tensors lie one below the other.
    case splitRows = "split-rows"
    /// Rotary rows of a head go from neighbours (0, 1), (2, 3), ... to halves (0, h), (1, h + 1), ...
    case pairsToHalves = "pairs-to-halves"
    /// Blocks of all queries, all keys and all values become query, key and value of one head after another.
    case interleaveHeads = "interleave-heads"
  }

  package var steps: [Step]
  /// The canonical names of what comes out.
  package var results: [String]

  package init(steps: [Step], results: [String]) {
    self.steps = steps
    self.results = results
  }
}
