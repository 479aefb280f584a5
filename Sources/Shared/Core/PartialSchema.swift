/// What a partial holds: everything that its size and layout follow from.
package struct PartialSchema: Sendable, Hashable {
  /// Models that have the tensor.
  package var models: Int
  package var statistics: Statistics
  /// Shapes of the submatrices that are kept as they are, in the order in which they lie in the tensor.
  package var samples: [SampleShape]
  /// Shape of each model's sketch; nil for none.
  package var sketch: SampleShape?

  package init(models: Int, statistics: Statistics = [], samples: [SampleShape] = [], sketch: SampleShape? = nil) {
    self.models = models
    self.statistics = statistics
    self.samples = samples
    self.sketch = sketch
  }
}
