/// What a partial holds: everything that its size and layout follow from.
public struct PartialSchema: Sendable, Hashable {
  /// Models that have the tensor.
  public var models: Int
  public var statistics: Statistics
  /// Shapes of the submatrices that are kept as they are, in the order in which they lie in the tensor.
  public var samples: [SampleShape]
  /// Shape of each model's sketch; nil for none.
  public var sketch: SampleShape?

  public init(models: Int, statistics: Statistics = [], samples: [SampleShape] = [], sketch: SampleShape? = nil) {
    self.models = models
    self.statistics = statistics
    self.samples = samples
    self.sketch = sketch
  }
}
