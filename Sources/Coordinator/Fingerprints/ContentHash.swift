internal import System

/// A hash of the values of a tensor that is blind to their order: the same however rows, units or the file are arranged.
///
/// Two sums over mixed bit patterns, modulo 2^64 each: equal for equal multisets of values, and for different ones
/// with a probability of about 2^-128, unless somebody looks for a collision: it is no cryptographic hash. Values count
/// as Float; a zero has no sign.
package struct ContentHash: Sendable, Hashable {
  package var first: UInt64
  package var second: UInt64

  package init(first: UInt64 = 0, second: UInt64 = 0) {
    self.first = first
    self.second = second
  }

  /// Of SplitMix64's finalizer.
  private static func mixed(_ bits: UInt32) -> UInt64 {
    var z = UInt64(bits) &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  package mutating func add(_ numbers: UnsafeBufferPointer<Float>) {
    var (a, b) = (first, second)
    for number in numbers {
      let z = Self.mixed(number == 0 ? 0 : number.bitPattern)
      a &+= z
      b &+= z &* z
    }
    (first, second) = (a, b)
  }

  /// 32 hexadecimal digits.
  package var text: String { [first, second].map(Self.digits).joined() }

  private static func digits(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
