internal import Core

/// What the inner product of two matrices would be if the units of one were permuted at random: the null hypothesis
/// of independently initialized networks, whose units are exchangeable.
///
/// With the mean row taken out of both, the inner product of X and a Y whose m rows are permuted at random has the mean
/// 0 and the variance |X Y'|^2 / (m - 1) (Hoeffding 1951), and |X Y'|^2 is the inner product of X'X and Y'Y. What the
/// two have in common by construction (inputs of different sizes, few directions, heavy tails) is in the variance, so
/// that no bound has to be fitted to a kind of network. Measured on one submatrix of each tensor.
struct UnitPermutations: Sendable {
  private let rows: Int
  private let columns: Int
  /// Per model: the submatrix without its mean row, scaled to length 1.
  private let values: [Float]
  /// Per model: X'X, columns x columns.
  private let covariances: [Float]
  /// Per model: the length of the longest row; 0 for models whose rows are all alike.
  private let longest: [Double]

  /// Fewer rows have too few permutations.
  private static let fewestRows = 8

  /// - Returns: nil where the submatrix is too small.
  init?(_ block: SampleBlock, models: Int) {
    let (rows, columns) = (block.shape.rows, block.shape.columns)
    guard rows >= Self.fewestRows, columns > 0 else { return nil }
    self.rows = rows
    self.columns = columns
    let made = Parallel.map(models) { Self.centered(block.values(of: $0), rows, columns) }
    values = made.flatMap(\.values)
    covariances = made.flatMap(\.covariance)
    longest = made.map(\.longest)
  }

  private static func centered(
    _ weights: ArraySlice<Float>, _ rows: Int, _ columns: Int
  ) -> (values: [Float], covariance: [Float], longest: Double) {
    var means = Array(repeating: 0.0, count: columns)
    for (p, weight) in weights.enumerated() { means[p % columns] += Double(weight) / Double(rows) }
    let deviations = weights.enumerated().map { Double($1) - means[$0 % columns] }
    let square = deviations.reduce(0) { $0 + $1 * $1 }
    var covariance = Array(repeating: Float(0), count: columns * columns)
    guard square > 0, square.isFinite else { return (weights.map { _ in 0 }, covariance, 0) }
    let scale = 1 / square.squareRoot()
    let values = deviations.map { Float($0 * scale) }
    var longest = 0.0
    values.withUnsafeBufferPointer { values in
      covariance.withUnsafeMutableBufferPointer { covariance in
        for row in 0..<rows {
          let own = values[row * columns..<(row + 1) * columns]
          longest = max(longest, own.reduce(0) { $0 + Double($1) * Double($1) })
          for (a, x) in own.enumerated() where x != 0 {
            add(
              x, UnsafeBufferPointer(rebasing: own),
              to: UnsafeMutableBufferPointer(
                rebasing: covariance[a * columns..<(a + 1) * columns]))
          }
        }
      }
    }
    return (values, covariance, longest.squareRoot())
  }

  /// Eight numbers at a time: this is where the time goes.
  private static func add(
    _ factor: Float, _ numbers: UnsafeBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Float>
  ) {
    let whole = numbers.count / 8 * 8
    let (from, to) = (UnsafeRawBufferPointer(numbers), UnsafeMutableRawBufferPointer(sums))
    let width = MemoryLayout<Float>.stride
    for p in stride(from: 0, to: whole, by: 8) {
      let sum =
        to.loadUnaligned(fromByteOffset: p * width, as: SIMD8<Float>.self)
        + factor * from.loadUnaligned(fromByteOffset: p * width, as: SIMD8<Float>.self)
      to.storeBytes(of: sum, toByteOffset: p * width, as: SIMD8<Float>.self)
    }
    for p in whole..<numbers.count { sums[p] += factor * numbers[p] }
  }

  /// One term of a sum over tensors.
  struct Term: Sendable {
    /// Inner product of the two submatrices, each scaled to length 1.
    var along: Double
    /// Of it, under permutations.
    var variance: Double
    /// What one unit can add at most.
    var largest: Double
  }

  /// - Returns: nil where one of the two has no variation between units.
  func term(_ a: Int, _ b: Int) -> Term? {
    guard longest[a] > 0, longest[b] > 0 else { return nil }
    let (size, square) = (rows * columns, columns * columns)
    return Term(
      along: Self.inner(values, a * size, b * size, size),
      variance: Self.inner(covariances, a * square, b * square, square) / Double(rows - 1),
      largest: longest[a] * longest[b])
  }

  private static func inner(_ numbers: [Float], _ a: Int, _ b: Int, _ count: Int) -> Double {
    numbers.withUnsafeBytes { bytes in
      var sums = SIMD8<Float>.zero
      let width = MemoryLayout<Float>.stride
      let whole = count / 8 * 8
      for p in stride(from: 0, to: whole, by: 8) {
        sums +=
          bytes.loadUnaligned(fromByteOffset: (a + p) * width, as: SIMD8<Float>.self)
          * bytes.loadUnaligned(fromByteOffset: (b + p) * width, as: SIMD8<Float>.self)
      }
      var sum = 0.0
      for lane in 0..<8 { sum += Double(sums[lane]) }
      for p in whole..<count { sum += Double(numbers[a + p]) * Double(numbers[b + p]) }
      return sum
    }
  }
}
