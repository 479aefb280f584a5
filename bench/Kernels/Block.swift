import Core
import Foundation
import System

/// Weights in memory laid out as in a worker: aligned, in large pages.
final class Block {
  let bytes: UnsafeMutableRawBufferPointer

  init(bytes count: Int) {
    bytes = .allocate(byteCount: count, alignment: 2 << 20)
    madvise(bytes.baseAddress, count, MADV_HUGEPAGE)
  }

  deinit { bytes.deallocate() }

  /// Ordinary weights: exponents near 2^-6, signs and mantissas of all kinds.
  func fill(_ type: ElementType) {
    var state: UInt32 = 1
    for p in bytes.bindMemory(to: UInt32.self).indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      let exponent: UInt32 = type == .f16 ? 0x2400 : 0x3C80
      let sign = state & 0x100
      let word =
        type == .f32
        ? exponent << 16 | state >> 9 | sign << 23
        : (exponent | state >> 25 | sign << 7) << 16 | exponent | state >> 17 & 0x7F | state & 0x200 << 6
      bytes.storeBytes(of: word, toByteOffset: 4 * p, as: UInt32.self)
    }
  }

  /// The start of each of `n` equal rows.
  func rows(_ n: Int) -> [UnsafeRawPointer] {
    (0..<n).map { UnsafeRawPointer(bytes.baseAddress! + $0 * (bytes.count / n)) }
  }
}
