import Recovery
import Spectra
import TestSeed
import Testing

/// What siblings have in common, where the truth is known.
@Suite struct LowRankSiblingsTests {
  private static func random(_ rows: Int, _ columns: Int, _ seeded: inout Seeded, scale: Double = 1) -> Matrix {
    Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in scale * seeded.normal() })
  }

  /// A base, and siblings rounded to float32.
  private static func family(
    _ rows: Int, _ columns: Int, ranks: [Int], _ seeded: inout Seeded, shared: Double = 0
  ) -> (base: Matrix, siblings: [Matrix]) {
    let base = random(rows, columns, &seeded)
    let common = random(rows, 1, &seeded)
    let siblings = ranks.map { rank in
      var left = random(rows, rank, &seeded, scale: 0.1)
      // Updates of one network have directions nearly in common.
      for row in 0..<rows where rank > 0 { left[row, 0] += shared * common[row, 0] }
      let sum = base.adding(left.times(random(rank, columns, &seeded)))
      return Matrix(rows: rows, columns: columns, sum.values.map { Double(Float($0)) })
    }
    return (base, siblings)
  }

  private static let noise = 0x1p-24 * 0.6

  private func misfit(_ base: Matrix, _ siblings: [Matrix]) -> Double? {
    let differences = siblings.map { $0.adding(siblings[0].scaled(by: -1)) }
    return LowRankSiblings(sketches: differences, noise: Self.noise).map { found in
      siblings[0].adding(found.common(of: differences)).distance(from: base).squareRoot()
    }
  }

  @Test(arguments: [
    (32, 48, [1, 2, 3]), (48, 32, [4, 4, 4, 4]), (64, 64, [8, 2, 6, 4, 1, 3]), (40, 200, [0, 5, 3]),
  ])
  func theBaseFollowsFromUpdatesOfAnyRank(_ rows: Int, _ columns: Int, _ ranks: [Int]) throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    for shared in [0, 0.5] {
      let (base, siblings) = Self.family(rows, columns, ranks: ranks, &seeded, shared: shared)
      let error = try #require(misfit(base, siblings), "seed \(seeded.seed)")
      #expect(error < 1e-5, "seed \(seeded.seed)")
    }
  }

  @Test func theRanksAreThoseOfTheUpdates() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    let ranks = [5, 1, 0, 3, 2, 7]
    let (_, siblings) = Self.family(64, 80, ranks: ranks, &seeded)
    let differences = siblings.map { $0.adding(siblings[0].scaled(by: -1)) }
    let found = try #require(LowRankSiblings(sketches: differences, noise: Self.noise), "seed \(seeded.seed)")
    #expect(found.spaces.map(\.rows) == ranks, "seed \(seeded.seed)")
  }

  /// What is common to some columns does not depend on the others: a sketch decides the spaces.
  @Test func aSketchIsEnough() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    let (base, siblings) = Self.family(48, 300, ranks: [3, 4, 5, 2], &seeded)
    let differences = siblings.map { $0.adding(siblings[0].scaled(by: -1)) }
    let mixing = Self.random(300, 24, &seeded, scale: 1 / 300.0.squareRoot())
    let found = try #require(
      LowRankSiblings(sketches: differences.map { $0.times(mixing) }, noise: Self.noise), "seed \(seeded.seed)")
    let part = found.common(of: differences.map { $0.columns(100..<140) })
    #expect(siblings[0].columns(100..<140).adding(part).distance(from: base.columns(100..<140)) < 1e-10)
  }

  @Test func updatesOfFullRankDecideNothing() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    let (base, siblings) = Self.family(24, 32, ranks: [24, 24, 24], &seeded)
    #expect(misfit(base, siblings) == nil)
    #expect(misfit(base, Array(siblings.prefix(2))) == nil)
  }
}
