import Checkpoints
import Core
import Storage
import Testing

/// Largest difference of any weight of two models, over the largest weight of its tensor in the second.
func largestDifference(_ a: ModelRecord, _ b: ModelRecord) throws -> Float {
  var largest: Float = 0
  for (one, other) in zip(a.tensors, b.tensors) {
    let (x, y) = (try one.values(), try other.values())
    #expect(one.name == other.name && one.shape == other.shape)
    let scale = y.map(abs).max() ?? 1
    largest = max(largest, (zip(x, y).map { abs($0 - $1) }.max() ?? 0) / scale)
  }
  return largest
}
