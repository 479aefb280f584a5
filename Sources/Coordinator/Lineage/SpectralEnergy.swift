internal import COpenBLAS
internal import Core
internal import Dispatch
internal import Synchronization

/// Singular values of the sampled submatrices.
enum SpectralEnergy {
  /// Share of the singular values that counts as the upper end and is left out.
  private static let upper = 0.25

  /// Sum of squares of the lower three quarters of the singular values, mean over the submatrices,
  /// for each model of the tensor; NaN where there are no samples or they are not finite.
  ///
  /// Training fills the lower end of the spectrum, in full and low-rank fine-tunes alike.
  static func lower(_ tensor: TensorSums) -> [Double] {
    let blocks = tensor.sums.samples
    guard !blocks.isEmpty else { return tensor.models.map { _ in .nan } }
    return Parallel.map(tensor.models.count) { model in
      var sum = 0.0
      for block in blocks {
        let squares = singularSquares(block.shape) { Double(block.values[model * block.shape.count + $0]) }
        sum += squares.dropLast(Int(Double(squares.count) * upper)).reduce(0) { $0 + max(0, $1) }
      }
      return sum / Double(blocks.count)
    }
  }

  /// Nuclear over Frobenius norm of the difference of two models scaled by `a` and `b`, in the first
  /// submatrix; between 1 (rank one) and the root of its side. NaN where nothing differs.
  static func spread(_ block: SampleBlock, _ i: Int, scale a: Double, _ j: Int, scale b: Double) -> Double {
    let shape = block.shape
    // Every second row and column: a quarter of the work, and the same trees.
    let rows = shape.rows > 32 ? 2 : 1
    let columns = shape.columns > 32 ? 2 : 1
    let part = SampleShape(rows: shape.rows / rows, columns: shape.columns / columns)
    let (first, second) = (i * shape.count, j * shape.count)
    let squares = singularSquares(part) { p in
      let at = p / part.columns * rows * shape.columns + p % part.columns * columns
      return a * Double(block.values[first + at]) - b * Double(block.values[second + at])
    }
    var (nuclear, frobenius) = (0.0, 0.0)
    for square in squares where square > 0 {
      nuclear += square.squareRoot()
      frobenius += square
    }
    return frobenius > 0 ? nuclear / frobenius.squareRoot() : .nan
  }

  /// Singular values of the difference of two models in a submatrix that are above the noise of
  /// rounding; see `EdgeRanks`. `a` and `b` are the unit roundoffs of their types.
  static func rank(_ block: SampleBlock, _ i: Int, rounding a: Double, _ j: Int, rounding b: Double) -> Int {
    let shape = block.shape
    let (first, second) = (i * shape.count, j * shape.count)
    var noise = 0.0
    for p in 0..<shape.count {
      let (x, y) = (Double(block.values[first + p]), Double(block.values[second + p]))
      // A rounded number is off by 0.18 squared units in the mean over its binade.
      noise += 0.18 * (a * a * x * x + b * b * y * y)
    }
    let sigma = (noise / Double(shape.count)).squareRoot()
    let edge = 2 * sigma * (Double(shape.rows).squareRoot() + Double(shape.columns).squareRoot())
    let squares = singularSquares(shape) { Double(block.values[first + $0]) - Double(block.values[second + $0]) }
    return squares.count { $0 > edge * edge }
  }

  /// Squares of the singular values, ascending: eigenvalues of the smaller Gram matrix.
  private static func singularSquares(_ shape: SampleShape, _ value: (Int) -> Double) -> [Double] {
    let n = min(shape.rows, shape.columns)
    let inner = max(shape.rows, shape.columns)
    var matrix = (0..<shape.count).map(value)
    var gram = Array(repeating: 0.0, count: n * n)
    let byRows = shape.rows <= shape.columns
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, byRows ? CblasNoTrans : CblasTrans, Int32(n), Int32(inner), 1, &matrix,
      Int32(shape.columns), 0, &gram, Int32(n))
    for i in 0..<n { for j in 0..<i { gram[i * n + j] = gram[j * n + i] } }
    var values = Array(repeating: 0.0, count: n)
    var work = Array(repeating: 0.0, count: 2 * n + 1)
    guard gram.allSatisfy(\.isFinite), cblas_shim_eigenvalues(Int32(n), &gram, &values, &work) == 0 else {
      return values.map { _ in .nan }
    }
    return values
  }
}

/// Independent pieces of work on all processors; each result has its place, so that the outcome
/// does not depend on who was faster.
enum Parallel {
  static func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
    // The pieces are small; OpenBLAS's own threads would only get in the way.
    openblas_set_num_threads(1)
    guard count > 1 else { return (0..<count).map(body) }
    let stride = max(1, count / 64)
    let parts = (count + stride - 1) / stride
    let results = Mutex([Int: [T]]())
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let values = (part * stride..<min((part + 1) * stride, count)).map(body)
        results.withLock { $0[part] = values }
      }
    }
    return results.withLock { found in (0..<parts).flatMap { found[$0] ?? [] } }
  }
}
