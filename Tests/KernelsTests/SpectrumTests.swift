import Core
import Spectra
import System
import TestSeed
import Testing

/// Squares of singular values, against matrices that were made from known ones, and against rotations of
/// their columns.
@Suite struct SpectrumTests {
  static let shapes: [(Int, Int)] = [
    (1, 1), (1, 9), (9, 1), (2, 2), (3, 2), (7, 7), (8, 8), (8, 32), (9, 35), (17, 16), (33, 130), (64, 256),
    (96, 96), (127, 131), (128, 512), (512, 128), (129, 140), (192, 300), (300, 256), (384, 400),
  ]

  /// D of the given values between two random reflections I - 2 u u'.
  private static func made(_ values: [Double], rows: Int, columns: Int, _ random: inout Seeded) -> [Double] {
    func unit(_ count: Int) -> [Double] {
      let v = (0..<count).map { _ in random.normal() }
      let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return v.map { $0 / length }
    }
    let (u, v) = (unit(rows), unit(columns))
    var matrix = Array(repeating: 0.0, count: rows * columns)
    for (k, value) in values.enumerated() {
      for i in 0..<rows {
        let left = (i == k ? 1 : 0) - 2 * u[i] * u[k]
        for j in 0..<columns { matrix[i * columns + j] += left * value * ((j == k ? 1 : 0) - 2 * v[j] * v[k]) }
      }
    }
    return matrix
  }

  /// Is all right to 1e-14 of the whole?
  private static func expect(
    _ found: [Double], _ expected: [Double], _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let whole = expected.reduce(0, +)
    #expect(found.count == expected.count, what, sourceLocation: sourceLocation)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 }, what, sourceLocation: sourceLocation)
    let worst = zip(found, expected.sorted()).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 1e-14 * whole, "\(what): off by \(worst / whole)", sourceLocation: sourceLocation)
  }

  @Test(arguments: shapes)
  func knownSingularValuesAreFound(rows: Int, columns: Int) {
    var random = Seeded.fresh()
    let n = min(rows, columns)
    let spectra: [String: [Double]] = [
      "spread": (0..<n).map { _ in Double.random(in: 0...1, using: &random) },
      "equal": Array(repeating: 3, count: n),
      "two clusters": (0..<n).map { $0 < n / 2 ? 1 : 0.5 },
      "geometric": (0..<n).map { Seeded.exponential(-Double($0)) },
      "growing": (0..<n).map { Seeded.exponential(Double($0 - n)) },
      "low rank": (0..<n).map { $0 < (n + 3) / 4 ? Double($0 + 1) : 0 },
      "rank one": (0..<n).map { $0 == n / 2 ? 1 : 0 },
      "nothing": Array(repeating: 0, count: n),
    ]
    for (name, values) in spectra.sorted(by: { $0.key < $1.key }) where n < 200 || name != "equal" {
      for scale in [1, 0x1p-160, 0x1p140] {
        let scaled = values.map { $0 * scale }
        let matrix = Self.made(scaled, rows: rows, columns: columns, &random)
        let found = SingularValues.squares(matrix, shape: SampleShape(rows: rows, columns: columns))
        Self.expect(
          found, scaled.map { $0 * $0 }, "seed \(random.seed), \(rows) x \(columns), \(name) x \(scale)")
        if n > 64 { break }
      }
    }
  }

  /// One-sided Jacobi (Hestenes 1958): turns pairs of columns until all are orthogonal.
  private static func jacobi(_ values: [Float], rows: Int, columns: Int) -> [Double] {
    let isTall = rows >= columns
    let (n, inner) = (min(rows, columns), max(rows, columns))
    var x = (0..<n).map { i in
      (0..<inner).map { k in Double(values[isTall ? k * columns + i : i * columns + k]) }
    }
    for _ in 0..<40 {
      var isDone = true
      for i in 0..<n {
        for j in i + 1..<n {
          var (a, b, c) = (0.0, 0.0, 0.0)
          for k in 0..<inner {
            a += x[i][k] * x[i][k]
            b += x[j][k] * x[j][k]
            c += x[i][k] * x[j][k]
          }
          guard c * c > 1e-32 * a * b, c != 0 else { continue }
          isDone = false
          let zeta = (b - a) / (2 * c)
          let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let cosine = 1 / (1 + t * t).squareRoot()
          for k in 0..<inner {
            let (p, q) = (x[i][k], x[j][k])
            x[i][k] = cosine * (p - t * q)
            x[j][k] = cosine * (q + t * p)
          }
        }
      }
      if isDone { break }
    }
    return x.map { $0.reduce(0) { $0 + $1 * $1 } }
  }

  @Test(arguments: [(1, 7), (5, 5), (8, 20), (19, 8), (40, 33), (64, 70)], [1, 3, 8, 9])
  func blocksOfModelsAreWhatTheyAreAlone(_ rectangle: (rows: Int, columns: Int), models: Int) {
    var random = Seeded.fresh()
    let shape = SampleShape(rows: rectangle.rows, columns: rectangle.columns)
    var block = SampleBlock(shape: shape, models: models)
    for model in 0..<models {
      let size = [0.02, 1e-30, 1e18, 1e-42][model % 4]
      for p in 0..<shape.count { block.values[model * shape.count + p] = Float(size * random.normal()) }
    }
    let n = min(shape.rows, shape.columns)
    let found = SingularValues.squares(block.values, shape: shape)
    for model in 0..<models {
      let own = Array(block.values(of: model))
      let what: Comment = "seed \(random.seed), model \(model) of \(models), \(shape)"
      let squares = Array(found[model * n..<(model + 1) * n])
      Self.expect(squares, Self.jacobi(own, rows: shape.rows, columns: shape.columns), what)
      // To the bit: no neighbour is seen, and products of floats are exact.
      #expect(squares == SingularValues.squares(own, shape: shape), what)
      #expect(squares == SingularValues.squares(own.map(Double.init), shape: shape), what)
    }
  }

  @Test func whatIsNotFiniteConcernsOneModelAlone() {
    let shape = SampleShape(rows: 12, columns: 30)
    var random = Seeded.fresh()
    var block = SampleBlock(shape: shape, models: 10)
    for p in block.values.indices { block.values[p] = Float(random.normal()) }
    let sound = SingularValues.squares(block.values, shape: shape)
    block.values[3 * shape.count + 17] = .nan
    block.values[8 * shape.count] = -.infinity
    let found = SingularValues.squares(block.values, shape: shape)
    for model in 0..<10 {
      let range = model * 12..<(model + 1) * 12
      if model == 3 || model == 8 {
        #expect(found[range].allSatisfy { $0.isNaN }, "seed \(random.seed)")
      } else {
        #expect(found[range] == sound[range], "seed \(random.seed)")
      }
    }
  }

  @Test func bandsAreSumsOfSquaresTheLargestFirst() {
    let shape = SampleShape(rows: 20, columns: 50)
    var block = SampleBlock(shape: shape, models: 2)
    for i in 0..<20 { for model in 0..<2 { block.values[model * 1000 + i * 51] = Float((model + 1) * (i + 1)) } }
    // 20 values in 8 parts: 2 and 3 by turns, the smallest 2 last.
    let ends = (0...8).map { 20 - $0 * 20 / 8 }
    var expected: [Double] = []
    for scale in [1.0, 2.0] {
      for band in 0..<8 {
        let values = (ends[band + 1]..<ends[band]).map { scale * Double($0 + 1) }
        expected.append(values.reduce(0) { $0 + $1 * $1 })
      }
    }
    let found = BandEnergies.of(block)
    #expect(found.count == 16)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12 * b) }
  }

  /// Every instruction set finds these, to the bit: the tests are run with each.
  @Test(arguments: [
    (70, 90, 15_577_451_928_327_842_420), (256, 64, 6_860_329_528_897_248_464), (5, 9, 16_397_023_234_554_919_412),
  ])
  func theBitsAreTheSameEverywhere(rows: Int, columns: Int, expected: UInt64) {
    var random = Seeded(7)
    let shape = SampleShape(rows: rows, columns: columns)
    var block = SampleBlock(shape: shape, models: 9)
    for p in block.values.indices { block.values[p] = Float.random(in: -1...1, using: &random) }
    var print = Fingerprint()
    SingularValues.squares(block.values, shape: shape).withUnsafeBytes { print.add($0) }
    #expect(print.value == expected)
  }
}
