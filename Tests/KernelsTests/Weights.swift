import Core
import Kernels
import System

/// Weights of one model in storage, and what they are as doubles.
final class Weights {
  let type: ElementType
  let values: [Double]
  private let memory: UnsafeMutableRawPointer
  private let offset: Int

  /// - Parameter offset: elements before the first, so that rows start at any place.
  init(_ wanted: [Double], _ type: ElementType, offset: Int = 0) {
    self.type = type
    self.offset = offset
    memory = .allocate(byteCount: (wanted.count + offset + 1) * type.bytes, alignment: 64)
    let start = memory + offset * type.bytes
    values = wanted.enumerated().map { p, value in
      let place = start + p * type.bytes
      switch type {
      case .f64:
        place.storeBytes(of: value, as: Double.self)
        return value
      case .f32:
        place.storeBytes(of: Float(value), as: Float.self)
        return Double(Float(value))
      case .f16:
        place.storeBytes(of: Float16(value), as: Float16.self)
        return Double(Float16(value))
      case .bf16:
        let bits = Self.brainBits(value)
        place.storeBytes(of: bits, as: UInt16.self)
        return Self.brain(bits)
      }
    }
  }

  deinit { memory.deallocate() }

  var start: UnsafeRawPointer { UnsafeRawPointer(memory + offset * type.bytes) }

  /// The upper half of a float, rounded to even.
  static func brainBits(_ value: Double) -> UInt16 {
    let float = Float(value)
    guard !float.isNaN else { return 0x7fc0 }
    let bits = float.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  static func brain(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }
}

/// What the kernels yield for these models, handed over in blocks of so many coordinates.
func accumulate(
  _ models: [Weights], columns: Int? = nil, statistics: Statistics = [], blocks: [Int]? = nil
) -> Partial {
  let count = models[0].values.count
  let accumulator = ShardAccumulator(
    types: models.map(\.type), columns: columns ?? count, statistics: statistics)
  var from = 0
  for length in blocks ?? [count] {
    accumulator.add(rows: models.map { $0.start + from * $0.type.bytes }, count: length)
    from += length
  }
  precondition(from == count, "the blocks cover \(from) of \(count) coordinates")
  return accumulator.partial
}

/// The same by plain sums of doubles.
struct BruteForce {
  var l2: [Double] = []
  var l1: [Double] = []
  var max: [Double] = []

  init(_ models: [Weights]) {
    PairIndex(models.count).forEach { _, i, j in
      var (squares, sum, largest) = (0.0, 0.0, 0.0)
      for (x, y) in zip(models[i].values, models[j].values) {
        let d = abs(x - y)
        squares += d * d
        sum += d
        largest = Swift.max(largest, d)
      }
      l2.append(squares)
      l1.append(sum)
      max.append(largest)
    }
  }
}

/// The largest relative error; 0 counts as exact only where 0 is expected.
func worstError(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let (f, e) = pair
    if f == e { return worst }
    let error = e == 0 ? .infinity : abs(f - e) / abs(e)
    return error.isNaN ? .infinity : Swift.max(worst, error)
  }
}
