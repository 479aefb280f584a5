/// The sketches of one tensor in all models; see `SketchMap`.
package struct Sketch: Sendable, Equatable {
  package let shape: SampleShape
  /// models x rows x columns.
  package private(set) var values: [Double]

  package init(shape: SampleShape, models: Int) {
    self.init(shape: shape, values: Array(repeating: 0, count: models * shape.count))
  }

  /// - Parameters:
  ///   - shape: of the sketch.
  ///   - values: models x rows x columns.
  package init(shape: SampleShape, values: [Double]) {
    self.shape = shape
    self.values = values
  }

  /// The sketch of a sum is the sum of the sketches.
  package mutating func add(_ other: Sketch) {
    precondition(other.shape == shape, "sketches of \(other.shape) and \(shape)")
    for p in values.indices { values[p] += other.values[p] }
  }

  /// The sketches of some of the models.
  func selecting(_ places: [Int]) -> Sketch {
    var part = Sketch(shape: shape, models: 0)
    part.values = places.flatMap { values(of: $0) }
    return part
  }

  /// One model's sketch, row-major.
  package func values(of model: Int) -> ArraySlice<Double> {
    values[model * shape.count..<(model + 1) * shape.count]
  }
}
