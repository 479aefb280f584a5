internal import Core

/// The change that an adapter makes to one weight matrix: left * right.
package struct LowRankUpdate: Sendable {
  package let rows: Int
  package let columns: Int
  package let rank: Int
  /// rows x rank, the scale included.
  private let left: [Double]
  /// rank x columns.
  private let right: [Double]

  /// - Parameters:
  ///   - down: A, rank x inputs, row-major.
  ///   - up: B, outputs x rank, row-major.
  ///   - rank: of both.
  ///   - scale: what B A is multiplied by, such as alpha / rank.
  ///   - isTransposed: the weight is stored as inputs x outputs.
  package init(down: [Float], up: [Float], rank: Int, scale: Double, isTransposed: Bool) {
    let (inputs, outputs) = (down.count / max(1, rank), up.count / max(1, rank))
    self.rank = rank
    if isTransposed {
      (rows, columns) = (inputs, outputs)
      left = (0..<inputs * rank).map { scale * Double(down[$0 % rank * inputs + $0 / rank]) }
      right = (0..<rank * outputs).map { Double(up[$0 % outputs * rank + $0 / outputs]) }
    } else {
      (rows, columns) = (outputs, inputs)
      left = up.map { scale * Double($0) }
      right = down.map { Double($0) }
    }
  }

  /// Sum of the squares of all weights of the change: the trace of (L'L)(RR').
  var squares: Double {
    var sum = 0.0
    for a in 0..<rank {
      for b in 0..<rank {
        var (x, y) = (0.0, 0.0)
        for row in 0..<rows { x += left[row * rank + a] * left[row * rank + b] }
        for column in 0..<columns { y += right[a * columns + column] * right[b * columns + column] }
        sum += x * y
      }
    }
    return max(0, sum)
  }

  /// The part of the change in a submatrix.
  func part(_ place: SampleGrid.Place) -> Part {
    var outputs = (0..<rank).map { a in place.rows.map { left[$0 * rank + a] } }
    var inputs = (0..<rank).map { a in place.columns.map { right[a * columns + $0] } }
    let width = place.columns.count
    var values = Array(repeating: 0.0, count: place.rows.count * width)
    for a in 0..<rank {
      for (row, x) in outputs[a].enumerated() where x != 0 {
        for column in 0..<width { values[row * width + column] += x * inputs[a][column] }
      }
    }
    Self.orthonormalize(&outputs)
    Self.orthonormalize(&inputs)
    return Part(shape: place.shape, values: values, outputs: outputs, inputs: inputs)
  }

  /// Gram-Schmidt, twice, without the vectors that depend on earlier ones.
  private static func orthonormalize(_ vectors: inout [[Double]]) {
    var basis: [[Double]] = []
    for vector in vectors {
      var rest = vector
      let length = norm(vector)
      for _ in 0..<2 {
        for unit in basis {
          var along = 0.0
          for p in rest.indices { along += unit[p] * rest[p] }
          for p in rest.indices { rest[p] -= along * unit[p] }
        }
      }
      let left = norm(rest)
      guard left > 1e-6 * length, left > 0, left.isFinite else { continue }
      basis.append(rest.map { $0 / left })
    }
    vectors = basis
  }

  private static func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// A submatrix of the change, and orthonormal vectors that span its columns and its rows.
  struct Part: Sendable {
    let shape: SampleShape
    let values: [Double]
    let outputs: [[Double]]
    let inputs: [[Double]]

    var squares: Double { values.reduce(0) { $0 + $1 * $1 } }

    /// What a model's submatrix has in common with the change.
    struct Overlap: Sendable {
      /// Inner product of weights and change.
      var along = 0.0
      /// Sum of squares of the weights.
      var energy = 0.0
      /// Of the sums of squares, the parts in the column and in the row space of the change, over
      /// what a random space of that size holds, minus 1.
      var outputs = 0.0
      var inputs = 0.0
    }

    /// - Parameters:
    ///   - weights: the model's submatrix, row-major, of the same shape.
    ///   - spaces: are `outputs` and `inputs` wanted?
    func overlap(with weights: ArraySlice<Float>, spaces: Bool) -> Overlap {
      var overlap = Overlap()
      let base = weights.startIndex
      for p in values.indices {
        let w = Double(weights[base + p])
        overlap.along += values[p] * w
        overlap.energy += w * w
      }
      guard spaces, overlap.energy > 0 else { return overlap }
      let (rows, columns) = (shape.rows, shape.columns)
      var (inOutputs, inInputs) = (0.0, 0.0)
      for unit in inputs {
        for row in 0..<rows {
          var sum = 0.0
          for column in 0..<columns { sum += Double(weights[base + row * columns + column]) * unit[column] }
          inInputs += sum * sum
        }
      }
      for unit in outputs {
        var sums = Array(repeating: 0.0, count: columns)
        for row in 0..<rows {
          for column in 0..<columns { sums[column] += Double(weights[base + row * columns + column]) * unit[row] }
        }
        inOutputs += sums.reduce(0) { $0 + $1 * $1 }
      }
      if !outputs.isEmpty {
        overlap.outputs = inOutputs / (overlap.energy * Double(outputs.count) / Double(rows)) - 1
      }
      if !inputs.isEmpty {
        overlap.inputs = inInputs / (overlap.energy * Double(inputs.count) / Double(columns)) - 1
      }
      return overlap
    }
  }
}
