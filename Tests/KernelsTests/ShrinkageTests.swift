import Core
import Kernels
import System
import TestSeed
import Testing

/// Embedding rows that only weight decay has touched: scaled by exp(-s), otherwise the same.
@Suite struct ShrinkageTests {
  struct Table {
    var rows: [[Double]]
    /// Rows that were only scaled.
    var untouched = 0
  }

  static let decay = 0.037

  /// A child: every third row trained, the others decayed, every tenth a row of zeros in both.
  static func tables(rows: Int, columns: Int, _ random: inout Seeded) -> (Table, Table) {
    var parent = Table(rows: [])
    var child = Table(rows: [])
    for row in 0..<rows {
      if row % 10 == 7 {
        parent.rows.append(Array(repeating: 0, count: columns))
        child.rows.append(Array(repeating: 0, count: columns))
        continue
      }
      let scale = Double.random(in: 0.5...2, using: &random)
      let values = (0..<columns).map { _ in scale * random.normal() }
      parent.rows.append(values)
      if row % 3 == 0 {
        child.rows.append(values.map { $0 + 0.1 * scale * random.normal() })
      } else {
        child.rows.append(values.map { $0 * Seeded.exponential(-decay) })
        child.untouched += 1
      }
    }
    return (parent, child)
  }

  @Test(arguments: ElementType.allCases, [200, 1024, 1500])
  func decayedRowsAreFoundWithTheirShrinkage(type: ElementType, columns: Int) {
    var random = Seeded.fresh()
    let (parent, child) = Self.tables(rows: 60, columns: columns, &random)
    let models = [parent, child].map { Weights($0.rows.flatMap { $0 }, type) }
    let partial = accumulate(models, columns: columns, statistics: .shrinkage)
    #expect(partial.collinearRows == [Double(child.untouched)], "seed \(random.seed)")
    let mean = partial.logShrinkage[0] / Double(child.untouched)
    let tolerance = type == .bf16 ? 5e-4 : type == .f16 ? 1e-4 : 1e-7
    #expect(abs(mean + Self.decay) < tolerance, "\(mean), seed \(random.seed)")
    // The other sums are what they are without.
    #expect(worstError(partial.l2, BruteForce(models).l2) < 1e-6)
  }

  @Test func theOrderOfTheModelsTurnsTheSign() {
    var random = Seeded.fresh()
    let (parent, child) = Self.tables(rows: 30, columns: 100, &random)
    let models = [child, parent].map { Weights($0.rows.flatMap { $0 }, .f32) }
    let partial = accumulate(models, columns: 100, statistics: .shrinkage)
    let mean = partial.logShrinkage[0] / partial.collinearRows[0]
    #expect(abs(mean - Self.decay) < 1e-7, "seed \(random.seed)")
  }

  @Test(arguments: [[ElementType.f32, .bf16], [.f16, .bf16], [.f64, .f16], [.f32, .f16]])
  func differentTypesAreAsWideApartAsTheCoarserOne(types: [ElementType]) {
    var random = Seeded.fresh()
    let (parent, child) = Self.tables(rows: 60, columns: 512, &random)
    let models = zip([parent, child], types).map { Weights($0.rows.flatMap { $0 }, $1) }
    let partial = accumulate(models, columns: 512, statistics: .shrinkage)
    #expect(partial.collinearRows == [Double(child.untouched)], "seed \(random.seed)")
    #expect(abs(partial.logShrinkage[0] / partial.collinearRows[0] + Self.decay) < 5e-4)
  }

  @Test func unrelatedZeroAndOppositeRowsDoNotCount() {
    var random = Seeded.fresh()
    let columns = 64
    let row = (0..<columns).map { _ in random.normal() }
    let other = (0..<columns).map { _ in random.normal() }
    let zero = Array(repeating: 0.0, count: columns)
    var broken = row
    broken[5] = .nan
    // Row by row: stranger, zero in one, zero in both, opposite, NaN, the same.
    let a = Weights([row, row, zero, row, row, row].flatMap { $0 }, .f32)
    let b = Weights([other, zero, zero, row.map { -$0 }, broken, row].flatMap { $0 }, .f32)
    let partial = accumulate([a, b], columns: columns, statistics: .shrinkage)
    #expect(partial.collinearRows == [1])
    #expect(partial.logShrinkage == [0])
  }

  @Test func rowsThatAreTinyAgainstTheOthersDoNotCount() {
    var random = Seeded.fresh()
    // Decay in the gradient drives rows that no token touches to almost nothing, in any direction.
    let a = Weights((0..<64 * 16).map { _ in random.normal() }, .f32)
    let b = Weights((0..<64 * 16).map { _ in 1e-9 * random.normal() }, .f32)
    let partial = accumulate([a, b], columns: 64, statistics: .shrinkage)
    #expect(partial.collinearRows == [0], "seed \(random.seed)")
  }

  @Test func everyPairHasItsOwnCount() {
    var random = Seeded.fresh()
    let columns = 96
    let base = (0..<20).map { _ in (0..<columns).map { _ in random.normal() } }
    // Model k keeps the rows from k on, shrunk by k percent of a logarithm.
    let models = (0..<5).map { k in
      Weights(
        base.enumerated().flatMap { row, values in
          values.map { row < k ? random.normal() : $0 * Seeded.exponential(-0.01 * Double(k)) }
        }, .f32)
    }
    let partial = accumulate(models, columns: columns, statistics: [.l1, .max, .shrinkage])
    PairIndex(5).forEach { p, i, j in
      #expect(partial.collinearRows[p] == Double(20 - j), "\(i) \(j), seed \(random.seed)")
      #expect(abs(partial.logShrinkage[p] / Double(20 - j) + 0.01 * Double(j - i)) < 1e-6)
    }
  }
}
