internal import Spectra

/// The maps of one layer's attention in common coordinates of the residual stream, gains of norms in them.
struct AttentionWeights {
  /// (heads x size, width)
  var query: Matrix
  /// (groups x size, width)
  var key: Matrix
  var value: Matrix
  /// Transposed: (heads x size, width)
  var output: Matrix

  let size: Int
  let groups: Int
  var heads: Int { query.rows / size }
  var headsPerGroup: Int { heads / groups }
  /// Coordinates of a head that are turned by position.
  let rotary: Int

  func head(_ number: Int, of map: Matrix) -> Matrix { map.rows(number * size..<(number + 1) * size) }

  /// Cosines of what heads do: of W_O W_V and of W_Q' W_K, which no change of coordinates inside a head touches.
  ///
  /// - Returns: by head of the other model and own head, the sum of the two cosines.
  static func likeness(_ own: AttentionWeights, _ other: AttentionWeights) -> Matrix {
    let outputs = HeadProducts(other.output, own.output, size: own.size)
    let values = HeadProducts(other.value, own.value, size: own.size)
    let queries = HeadProducts(other.query, own.query, size: own.size)
    let keys = HeadProducts(other.key, own.key, size: own.size)
    let selves = [own, other].map { model in
      (
        outputs: HeadProducts(model.output, model.output, size: model.size),
        values: HeadProducts(model.value, model.value, size: model.size),
        queries: HeadProducts(model.query, model.query, size: model.size),
        keys: HeadProducts(model.key, model.key, size: model.size)
      )
    }
    let per = own.headsPerGroup
    func moved(_ model: Int, _ head: Int) -> Double {
      selves[model].outputs.inner(head, head, with: selves[model].values, head / per, head / per)
    }
    func attended(_ model: Int, _ head: Int) -> Double {
      selves[model].queries.turned(
        head, head, with: selves[model].keys, head / per, head / per, rotary: own.rotary)
    }
    var sums = Matrix(zeros: other.heads, own.heads)
    for head in 0..<other.heads {
      for place in 0..<own.heads {
        let moving = outputs.inner(head, place, with: values, head / per, place / per)
        let attending = queries.turned(head, place, with: keys, head / per, place / per, rotary: own.rotary)
        sums[head, place] =
          cosine(moving, moved(1, head), moved(0, place)) + cosine(attending, attended(1, head), attended(0, place))
      }
    }
    return sums
  }

  private static func cosine(_ product: Double, _ a: Double, _ b: Double) -> Double {
    let scale = (a * b).squareRoot()
    return scale > 0 && scale.isFinite ? product / scale : 0
  }
}

/// The products of the rows of all heads of two models: a size x size block for each pair of heads.
struct HeadProducts {
  private let products: Matrix
  private let size: Int

  init(_ a: Matrix, _ b: Matrix, size: Int) {
    products = a.timesTransposed(b)
    self.size = size
  }

  /// Inner product of A'B of one model and of the other, A and B being maps of heads and C'D likewise: the sum over the
  /// products of corresponding blocks.
  func inner(_ a: Int, _ b: Int, with other: HeadProducts, _ c: Int, _ d: Int) -> Double {
    var sum = 0.0
    for row in 0..<size {
      for column in 0..<size {
        sum += products[a * size + row, b * size + column] * other.products[c * size + row, d * size + column]
      }
    }
    return sum
  }

  /// The same where position turns planes of a head, each (i, i + rotary / 2) by its own angle: only products within
  /// the same plane count, and only those of its two coordinates that turning leaves as they are.
  func turned(_ a: Int, _ b: Int, with other: HeadProducts, _ c: Int, _ d: Int, rotary: Int) -> Double {
    guard rotary > 0 else { return inner(a, b, with: other, c, d) }
    var sum = 0.0
    let half = rotary / 2
    for plane in 0..<half {
      let first = complex(a, b, plane, plane + half)
      let second = other.complex(c, d, plane, plane + half)
      // The real part of the first times the conjugate of the second.
      sum += first.real * second.real + first.imaginary * second.imaginary
    }
    for row in rotary..<size {
      for column in rotary..<size {
        sum += products[a * size + row, b * size + column] * other.products[c * size + row, d * size + column]
      }
    }
    return sum
  }

  /// Of two planes, x + i y taken as a complex number: the sum of z times the conjugate of w.
  private func complex(_ a: Int, _ b: Int, _ x: Int, _ y: Int) -> (real: Double, imaginary: Double) {
    let (top, left) = (a * size, b * size)
    return (
      products[top + x, left + x] + products[top + y, left + y],
      products[top + y, left + x] - products[top + x, left + y]
    )
  }
}
