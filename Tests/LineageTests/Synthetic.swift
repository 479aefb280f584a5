import Core
import Encodings
import Lineage
import Spectra
import System
import TestSeed

/// Small networks whose sums are computed in plain doubles.
struct Synthetic {
  struct Tensor {
    var name: String
    var role: TensorRole
    var extents: [Int]
    /// Weights per model; nil where a model does not have the tensor.
    var weights: [[Double]?]
  }

  var tensors: [Tensor] = []

  /// Several linear maps; `models[i]` are the weights of model i, cut evenly.
  init(linear models: [[Double]?], maps: Int = 8, columns: Int = 16) {
    let length = (models.compactMap { $0 }.first?.count ?? 0) / maps
    for map in 0..<maps {
      tensors.append(
        Tensor(
          name: "layers.\(map).weight", role: .linear, extents: [length / columns, columns],
          weights: models.map { $0.map { Array($0[(map * length)..<((map + 1) * length)]) } }))
    }
  }

  init(_ tensors: [Tensor]) { self.tensors = tensors }

  var sums: [TensorSums] { tensors.compactMap(Self.sums) }

  static func sums(_ tensor: Tensor) -> TensorSums? {
    guard let shape = TensorShape(tensor.extents) else { return nil }
    let models = tensor.weights.indices.filter { tensor.weights[$0] != nil }
    let weights = models.map { tensor.weights[$0] ?? [] }
    precondition(weights.allSatisfy { $0.count == shape.elements }, "weights do not fit \(shape)")
    let isLinear = tensor.role == .linear
    var partial = Partial(
      PartialSchema(models: models.count, statistics: isLinear ? [.l1, .max, .extremes, .spectrum] : [.l1, .max]))
    PairIndex(models.count).forEach { p, a, b in
      for (x, y) in zip(weights[a], weights[b]) {
        partial.l2[p] += (x - y) * (x - y)
        partial.l1[p] += abs(x - y)
        partial.max[p] = Swift.max(partial.max[p], abs(x - y))
        guard isLinear else { continue }
        partial.lowest[p] = min(partial.lowest[p], x - y)
        partial.highest[p] = Swift.max(partial.highest[p], x - y)
      }
    }
    partial.moments = weights.map(moments)
    if isLinear {
      partial.samples = samples(shape, weights)
      partial.sketch = Sketch(
        shape: SampleShape(rows: shape.rows, columns: shape.columns),
        values: weights.joined().map { Double(Float($0)) })
      let whole = SampleBlock(
        shape: SampleShape(rows: shape.rows, columns: shape.columns),
        values: weights.flatMap { $0.map(Float.init) })
      partial.bands = BandEnergies.of(whole)
    }
    return TensorSums(
      name: tensor.name, role: tensor.role, shape: shape, models: models, sums: partial)
  }

  /// The whole of a small matrix, or the submatrix that a plan would keep.
  private static func samples(_ shape: TensorShape, _ weights: [[Double]]) -> [SampleBlock] {
    let places = SampleGrid.places(columns: shape.columns, coordinates: 0..<shape.elements, count: 1)
    return places.map { place in
      var block = SampleBlock(shape: place.shape, models: weights.count)
      block.values = weights.flatMap { model in
        place.rows.flatMap { row in place.columns.map { Float(model[row * shape.columns + $0]) } }
      }
      return block
    }
  }

  static func moments(_ values: [Double]) -> Moments {
    var m = Moments.empty
    m.count = Double(values.count)
    m.mean = values.reduce(0, +) / m.count
    for value in values {
      let d = value - m.mean
      m.m2 += d * d
      m.m3 += d * d * d
      m.m4 += d * d * d * d
      m.minimum = min(m.minimum, value)
      m.maximum = max(m.maximum, value)
      m.zeros += value == 0 ? 1 : 0
      m.notFinite += value.isFinite ? 0 : 1
    }
    return m
  }
}

extension Seeded {
  /// Weights with a falling spectrum, as trained ones have: each column is weaker than the one before.
  mutating func trainedWeights(_ count: Int, columns: Int = 16) -> [Double] {
    let weights = weights(count)
    var scale = 1.0
    let scales = (0..<columns).map { _ in
      defer { scale *= 0.7 }
      return scale
    }
    return weights.enumerated().map { $1 * scales[$0 % columns] }
  }

  mutating func weights(_ count: Int) -> [Double] { (0..<count).map { _ in 0.02 * normal() } }

  /// An update of the given relative size, at a right angle to the weights as training's are.
  mutating func trained(_ parent: [Double], by relative: Double) -> [Double] {
    var update = weights(parent.count)
    let norm = parent.reduce(0) { $0 + $1 * $1 }
    let along = zip(parent, update).reduce(0) { $0 + $1.0 * $1.1 } / norm
    for p in update.indices { update[p] -= along * parent[p] }
    let length = update.reduce(0) { $0 + $1 * $1 }
    let scale = relative * (norm / length).squareRoot()
    return zip(parent, update).map { $0 + scale * $1 }
  }
}

/// - Parameter rounding: unit roundoff of the type that the models are stored in.
func solve(
  _ tensors: [TensorSums], models: Int, rounding: Double = Encoding.f32.roundoff,
  options: LineageOptions = LineageOptions(),
  tokens: [Int]? = nil, haveSameSignature: @escaping @Sendable (Int, Int) -> Bool = { _, _ in true }
) throws -> Lineage {
  let problem = LineageProblem(
    rounding: Array(repeating: rounding, count: models), options: options, tokens: tokens,
    haveSameSignature: haveSameSignature)
  return try LineageSolver(problem).solve(tensors)
}

extension Direction {
  init(_ tensors: [TensorSums], models: Int, stage: Stage) {
    self.init(stage: stage, models: models)
    let scope = Scope(tensors, models: models)
    for tensor in tensors { add(TensorView(tensor), scope) }
  }
}

extension Relatedness {
  init(_ tensors: [TensorSums], models: Int) {
    self.init(models: models)
    for tensor in tensors { add(TensorView(tensor)) }
  }
}

extension DistanceMetric {
  /// The distances before any pair was looked at closely.
  func matrix(_ tensors: [TensorSums], models: Int) -> SquareMatrix {
    var sums = DistanceSums(self, models: models)
    for tensor in tensors { sums.add(TensorView(tensor), Scope(tensors, models: models)) }
    return sums.matrix
  }
}
