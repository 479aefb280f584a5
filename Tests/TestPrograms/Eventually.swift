internal import Glibc

/// Waits for what nothing announces, as changes of files: looks again and again until the condition holds.
///
/// - Returns: false when it does not hold for so long that it never will.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let start = ContinuousClock.now
  repeat {
    if try condition() { return true }
    usleep(5_000)
  } while ContinuousClock.now - start < Running.patience
  return false
}
