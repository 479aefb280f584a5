/// What a narrower model has kept of a wider one; the keys are those of `tree.json`.
package struct KeptWidth: Sendable, Hashable, Codable {
  /// Coordinates of the residual stream.
  package var hidden: Part
  /// Units of all MLPs.
  package var units: Part
  /// Heads of all layers.
  package var heads: Part
  package var layers: Part
  /// Weights of the wider model that have a counterpart, of those in tensors that both have.
  package var weights: Part

  package struct Part: Sendable, Hashable, Codable {
    package var kept: Int
    package var of: Int
    /// Which of them, as ranges (`0-15 20 24-31`), of units and heads layer by layer; nil where these are all.
    package var which: String?

    package init(kept: Int, of count: Int, which: String? = nil) {
      self.kept = kept
      of = count
      self.which = which
    }
  }

  package init(hidden: Part, units: Part, heads: Part, layers: Part, weights: Part) {
    self.hidden = hidden
    self.units = units
    self.heads = heads
    self.layers = layers
    self.weights = weights
  }
}
