package import Core

/// Moments of the values of a tensor, with the same bits on every processor: additions in a fixed order of eight lanes,
/// block by block.
///
/// `Kernels` adds up faster, in an order that depends on the instruction set.
package struct ExactMoments {
  package private(set) var total = Moments.empty

  package init() {}

  /// Values of a block: they stay in the cache between the mean and the sums about it.
  private static let block = 4096

  /// - Parameter numbers: the next ones. Pieces must be multiples of 4096 numbers long but for the last one.
  package mutating func add(_ numbers: UnsafeBufferPointer<Float>) {
    for start in stride(from: 0, to: numbers.count, by: Self.block) {
      let end = min(start + Self.block, numbers.count)
      total.merge(Self.moments(UnsafeBufferPointer(rebasing: numbers[start..<end])))
    }
  }

  private static func moments(_ numbers: UnsafeBufferPointer<Float>) -> Moments {
    let count = Double(numbers.count)
    let mean = sum(numbers) / count
    var (second, third, fourth) = (0.0, 0.0, 0.0)
    var (squares, cubes, fourths) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    let whole = numbers.count / 8 * 8
    let bytes = UnsafeRawBufferPointer(numbers)
    for k in stride(from: 0, to: whole, by: 8) {
      let lanes = bytes.loadUnaligned(fromByteOffset: 4 * k, as: SIMD8<Float>.self)
      let apart = SIMD8<Double>(lanes) - mean
      let square = apart * apart
      squares += square
      cubes += square * apart
      fourths += square * square
    }
    for k in whole..<numbers.count {
      let apart = Double(numbers[k]) - mean
      let square = apart * apart
      second += square
      third += square * apart
      fourth += square * square
    }
    for lane in 0..<8 {
      second += squares[lane]
      third += cubes[lane]
      fourth += fourths[lane]
    }
    var (least, most, zeros, odd) = (Float.infinity, -Float.infinity, UInt64(0), UInt64(0))
    for number in numbers {
      least = min(least, number)
      most = max(most, number)
      if number == 0 { zeros += 1 }
      if !number.isFinite { odd += 1 }
    }
    return Moments(
      count: count, mean: mean, m2: second, m3: third, m4: fourth, minimum: Double(least), maximum: Double(most),
      zeros: zeros, notFinite: odd)
  }

  private static func sum(_ numbers: UnsafeBufferPointer<Float>) -> Double {
    var sums = SIMD8<Double>.zero
    let whole = numbers.count / 8 * 8
    let bytes = UnsafeRawBufferPointer(numbers)
    for k in stride(from: 0, to: whole, by: 8) {
      sums += SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: 4 * k, as: SIMD8<Float>.self))
    }
    var sum = 0.0
    for lane in 0..<8 { sum += sums[lane] }
    for k in whole..<numbers.count { sum += Double(numbers[k]) }
    return sum
  }
}
