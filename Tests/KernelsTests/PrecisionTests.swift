import Core
import Kernels
import System
import TestSeed
import Testing

/// Where digits are hardest to keep: very many coordinates, relatives at a ten-thousandth of their norm.
@Suite struct PrecisionTests {
  /// Weights made on the fly, block by block: windows into a pool of normal numbers.
  private final class Family {
    static let block = 1 << 16
    private let pool: [Float]
    private let type: ElementType
    private let relatives: [(base: Int, step: Float)]
    private let floats: UnsafeMutableBufferPointer<Float>
    private let halves: UnsafeMutableBufferPointer<UInt16>
    private var random: Seeded

    /// - Parameter relatives: family and relative distance of each model; 0: the base itself.
    init(_ relatives: [(base: Int, step: Float)], _ type: ElementType, _ seed: Seeded) {
      var random = seed
      self.relatives = relatives
      self.type = type
      pool = (0..<(4 * Self.block)).map { _ in Float(0.02 * random.normal()) }
      self.random = random
      floats = .allocate(capacity: relatives.count * Self.block)
      halves = .allocate(capacity: relatives.count * Self.block)
    }

    deinit {
      floats.deallocate()
      halves.deallocate()
    }

    var types: [ElementType] { relatives.map { _ in type } }

    /// The next block of all models: as they are stored, and as floats.
    func next() -> (rows: [UnsafeRawPointer], floats: [UnsafePointer<Float>]) {
      let window = 3 * Self.block
      let bases = (0..<5).map { _ in Int.random(in: 0..<window, using: &random) }
      for (model, (base, step)) in relatives.enumerated() {
        let own = Int.random(in: 0..<window, using: &random)
        let row = model * Self.block
        pool.withUnsafeBufferPointer { pool in
          for p in 0..<Self.block { floats[row + p] = pool[bases[base] + p] + step * pool[own + p] }
        }
        guard type == .bf16 else { continue }
        for p in row..<row + Self.block {
          let bits = floats[p].bitPattern
          halves[p] = UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
          floats[p] = Float(bitPattern: UInt32(halves[p]) << 16)
        }
      }
      let starts = relatives.indices.map { UnsafePointer(floats.baseAddress!) + $0 * Self.block }
      guard type == .bf16 else { return (starts.map { UnsafeRawPointer($0) }, starts) }
      return (relatives.indices.map { UnsafeRawPointer(halves.baseAddress! + $0 * Self.block) }, starts)
    }
  }

  /// Sum of squared differences in doubles.
  private static func squares(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>) -> Double {
    typealias Lanes = SIMD8<Float>
    let (x, y) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
    var (a, b) = (SIMD8<Double>(), SIMD8<Double>())
    for offset in stride(from: 0, to: 4 * Family.block, by: 64) {
      func difference(_ at: Int) -> SIMD8<Double> {
        SIMD8<Double>(x.loadUnaligned(fromByteOffset: at, as: Lanes.self))
          - SIMD8<Double>(y.loadUnaligned(fromByteOffset: at, as: Lanes.self))
      }
      let (d, e) = (difference(offset), difference(offset + 32))
      a += d * d
      b += e * e
    }
    return (a + b).sum()
  }

  private func worst(
    _ relatives: [(base: Int, step: Float)], _ type: ElementType, coordinates: Int
  ) -> Double {
    let random = Seeded.fresh()
    let family = Family(relatives, type, random)
    let accumulator = ShardAccumulator(types: family.types, columns: 4096, statistics: [])
    let pairs = PairIndex(relatives.count)
    var expected = Array(repeating: 0.0, count: pairs.count)
    for _ in 0..<(coordinates + Family.block - 1) / Family.block {
      let (rows, floats) = family.next()
      accumulator.add(rows: rows, count: Family.block)
      pairs.forEach { p, i, j in expected[p] += Self.squares(floats[i], floats[j]) }
    }
    let found = accumulator.partial.l2
    #expect(found.allSatisfy { $0 >= 0 })
    return worstError(found, expected)
  }

  @Test(arguments: [ElementType.f32, .bf16])
  func aHundredMillionCoordinatesKeepSixDigits(type: ElementType) {
    let relatives: [(Int, Float)] = [(0, 0), (0, 1e-2), (0, 1e-3), (0, 1e-4), (1, 0), (0, 0)]
    #expect(worst(relatives, type, coordinates: 100_000_000) < 1e-6)
  }

  /// Five families that do not know each other in one run: no pair pays for the others.
  @Test(arguments: [ElementType.f32, .bf16])
  func unrelatedFamiliesDoNotCostRelativesTheirDigits(type: ElementType) {
    let relatives = (0..<5).flatMap { base in [0, 1e-2, 1e-3, 1e-4].map { (base, Float($0)) } }
    #expect(worst(relatives, type, coordinates: 4_000_000) < 1e-6)
  }
}
