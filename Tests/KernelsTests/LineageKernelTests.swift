import CKernels
import Core
import Foundation
import Spectra
import System
import TestSeed
import Testing

/// The kernels of the solving, against the same in plain steps.
@Suite struct LineageKernelTests {
  @Test func weighedSumsAreFusedInOrder() {
    var random = Seeded.fresh()
    let terms = (0..<50 * 16).map { _ in Float(random.normal()) }
    let rows: [UInt32] = [0, 3, 4, 17, 49]
    let weights: [Float] = [1, 2, 1, 5, 3]
    var found = [Float](repeating: 0, count: 16)
    mt_weigh(terms, weights, rows, rows.count, &found)
    for lane in 0..<16 {
      var sum: Float = 0
      for (row, weight) in zip(rows, weights) { sum.addProduct(weight, terms[Int(row) * 16 + lane]) }
      #expect(found[lane] == sum, "seed \(random.seed), lane \(lane)")
    }
  }

  private static func plain(_ fits: [mt_fit], _ shifts: [Double], _ logs: [Double]) -> Double {
    func lanes(_ t: (Double, Double, Double, Double)) -> [Double] { [t.0, t.1, t.2, t.3] }
    func logSum(_ exponents: [Double]) -> Double {
      let largest = exponents.max() ?? 0
      return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
    }
    return logSum(
      zip(shifts, logs).map { s, start in
        fits.reduce(start) { sum, fit in
          let exponents = (0..<4).map { k in
            let misfit = lanes(fit.constant)[k] + s * lanes(fit.linear)[k] + s * s * lanes(fit.square)[k]
            return lanes(fit.volume)[k] - 0.5 * fit.degrees * log(fit.stiffness + max(0, misfit))
          }
          return sum + fit.weight * logSum(exponents)
        }
      })
  }

  @Test func likelihoodsAreThoseOfPlainSteps() {
    var random = Seeded.fresh()
    func lanes(_ scale: Double) -> (Double, Double, Double, Double) {
      (scale * random.normal(), scale * random.normal(), scale * random.normal(), scale * random.normal())
    }
    for count in [1, 2, 7, 8, 9, 31, 32, Int(MT_SHIFTS)] {
      for fitCount in 0...2 {
        let fits = (0..<fitCount).map { _ in
          mt_fit(
            constant: lanes(100), linear: lanes(30), square: lanes(1000), volume: lanes(20),
            degrees: Double.random(in: 9...3000, using: &random), stiffness: 9, weight: 0.47)
        }
        let shifts = (0..<count).map { _ in -exp(Double.random(in: -12...0, using: &random)) }
        let logs = (0..<count).map { _ in log(Double.random(in: 0.001...1, using: &random)) }
        let found = mt_log_likelihood(fits, fitCount, shifts, logs, count)
        let expected = Self.plain(fits, shifts, logs)
        #expect(
          abs(found - expected) <= 1e-12 * max(1, abs(expected)),
          "seed \(random.seed), \(count) shifts, \(fitCount) fits: \(found), expected \(expected)")
      }
    }
  }

  @Test(arguments: [(32, 32), (63, 63), (9, 40), (40, 9), (1, 5), (2, 2)])
  func spreadsAreThoseOfSingularValues(rows: Int, columns: Int) {
    var random = Seeded.fresh()
    let models = 6
    let shape = SampleShape(rows: rows, columns: columns)
    var values: [Float] = []
    for model in 0..<models {
      let column = (0..<rows).map { _ in random.normal() }
      let row = (0..<columns).map { _ in random.normal() }
      for p in 0..<shape.count {
        switch model {
        case 0: values.append(Float(0.02 * random.normal()))
        // A step of rank one, a small step in all directions, the same again.
        case 1: values.append(values[p] + Float(1e-3 * column[p / columns] * row[p % columns]))
        case 2: values.append(values[p] + Float(1e-4 * random.normal()))
        case 3: values.append(values[p])
        case 4: values.append(p == 0 ? .infinity : values[p])
        default: values.append(Float(random.normal()))
        }
      }
    }
    var matrices = mt_submatrices(
      values: nil, model_stride: shape.count, row_stride: columns, column_stride: 1, rows: Int32(rows),
      columns: Int32(columns))
    var pairs: [mt_scaled_pair] = []
    for a in 0..<models {
      for b in a + 1..<models {
        let scale = a == 0 && b == 3 ? 1.3 : 1.2
        pairs.append(mt_scaled_pair(first: a, second: b, first_scale: 1.3, second_scale: scale))
      }
    }
    var found = [Double](repeating: 0, count: pairs.count)
    values.withUnsafeBufferPointer {
      matrices.values = $0.baseAddress
      mt_spreads(&matrices, pairs, pairs.count, &found)
    }
    for (pair, spread) in zip(pairs, found) {
      let what: Comment = "seed \(random.seed), pair \(pair.first), \(pair.second)"
      guard pair.first != 4, pair.second != 4, !(pair.first == 0 && pair.second == 3) else {
        #expect(spread.isNaN, what)
        continue
      }
      let difference = (0..<shape.count).map {
        pair.first_scale * Double(values[pair.first * shape.count + $0])
          - pair.second_scale * Double(values[pair.second * shape.count + $0])
      }
      let squares = SingularValues.squares(difference, shape: shape)
      let expected = squares.reduce(0) { $0 + $1.squareRoot() } / squares.reduce(0, +).squareRoot()
      // Singular values of zero come out as large as the root of the rounding.
      #expect(abs(spread - expected) < 1e-6 * expected, what)
      if pair.second == 5 { #expect(abs(spread - expected) < 1e-11 * expected, what) }
    }
  }

  /// The same, weight by weight.
  private static func plain(
    _ first: [Float], _ second: [Float], _ others: [[Float]], unit: Float, near: Float, clear: Float
  ) -> [Int] {
    var (counted, same, close) = (0, 0, 0)
    for p in first.indices {
      let step = unit * abs(second[p])
      let moved = others.count { abs($0[p] - second[p]) > clear * step }
      guard 2 * moved >= others.count, moved > 0 else { continue }
      counted += 1
      let apart = abs(first[p] - second[p])
      if apart == 0 { same += 1 } else if apart <= near * step { close += 1 }
    }
    return [counted, same, close]
  }

  @Test func weightsThatAgreeAreCountedAsInPlainSteps() {
    var random = Seeded.fresh()
    for count in [0, 1, 3, 4, 15, 16, 17, 64, 4096] {
      for otherCount in [0, 1, 2, 5, 23] {
        // Steps of few sizes, so that bounds are met exactly, and now and then something that is no number.
        let base = (0..<count).map { _ in Float(random.normal()) }
        func moved() -> [Float] {
          base.map { weight in
            guard Int.random(in: 0..<50, using: &random) > 0 else {
              return [.nan, .infinity, 0].randomElement(using: &random) ?? 0
            }
            return weight + Float(Int.random(in: -12...12, using: &random)) * 0x1p-7 * abs(weight)
          }
        }
        let (first, second) = (moved(), moved())
        let others = (0..<otherCount).map { _ in moved() }
        let found = withPointers(others) {
          mt_agree(first, second, $0, otherCount, count, 0x1p-7, 2, 8)
        }
        let expected = Self.plain(first, second, others, unit: 0x1p-7, near: 2, clear: 8)
        #expect(
          [found.counted, found.same, found.close].map(Int.init) == expected,
          "seed \(random.seed), \(count) weights, \(otherCount) others")
      }
    }
  }

  private func withPointers<T>(_ rows: [[Float]], _ body: ([UnsafePointer<Float>?]) -> T) -> T {
    let flat = rows.flatMap { $0 }
    return flat.withUnsafeBufferPointer { all in
      body(rows.indices.map { row in all.baseAddress.map { $0 + row * rows[row].count } })
    }
  }
}
