internal import Core
internal import Foundation
internal import Synchronization
package import System

/// How fast the threads of a worker may read files, all together.
package final class ReadLimit: Sendable {
  package let rate: ByteRate
  /// What is read at a time: some twentieth of a second's worth, so that the rate holds over every second.
  package let pieceBytes: Int
  private let bucket: Mutex<TokenBucket>
  private let origin = ContinuousClock.now

  /// The longest sleep between two looks whether anybody still waits for the bytes.
  private static let nap = Duration.milliseconds(100)

  package init(_ rate: ByteRate) {
    self.rate = rate
    pieceBytes = min(max(rate.bytesPerSecond / 20, 4096), 4 << 20)
    bucket = Mutex(TokenBucket(perSecond: Double(rate.bytesPerSecond), burst: Double(pieceBytes)))
  }

  /// Waits for the turn of a piece.
  ///
  /// - Returns: false when it was cancelled meanwhile.
  func wait(for bytes: Int, isCancelled: () -> Bool) -> Bool {
    let turn = bucket.withLock { bucket in
      let now = ContinuousClock.now
      return now + bucket.take(Double(bytes), at: now - origin)
    }
    while true {
      let left = turn - ContinuousClock.now
      guard left > .zero else { return true }
      guard !isCancelled() else { return false }
      usleep(UInt32(min(left, Self.nap) / .microseconds(1)) + 1)
    }
  }
}
