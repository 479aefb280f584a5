internal import CKernels
internal import Core

/// Moments of one model's weights while they pass by.
///
/// Most runs are summed as powers of (x - shift), one pass with no division; the shift is 0, as
/// most weights lie around it, or the mean of an earlier run. A run that is far from the shift, out
/// of a float's range or not finite is taken by two passes about its own mean and moves the shift.
struct RunningMoments {
  private var merged = Moments.empty
  private var shifted = mt_shifted_moments(shift: 0)

  /// - Parameters:
  ///   - from: `count` weights of `type`.
  ///   - lanes: where they are put, widened; nil: they are lanes already and stay where they are.
  ///   - fetch: what comes from memory meanwhile.
  mutating func add<Real: Lane>(
    _ from: UnsafeRawPointer, _ type: ElementType, widenedTo lanes: UnsafeMutablePointer<Real>?,
    _ count: Int, run: Int, fetch: UnsafeMutablePointer<mt_fetch>
  ) {
    var done = 0
    while true {
      let offset = done * type.bytes
      done += Real.take(
        from + offset, type, into: lanes.map { $0 + done }, count - done, run, fetch: fetch, &shifted)
      guard done < count else { return }
      let row =
        lanes.map { UnsafePointer($0 + done) }
        ?? (from + done * type.bytes).assumingMemoryBound(to: Real.self)
      let length = min(run, count - done)
      let own = Moments(Real.moments(row, length))
      merged.merge(Moments(shifted))
      merged.merge(own)
      shifted = mt_shifted_moments(near: own)
      done += length
    }
  }

  var total: Moments {
    var total = merged
    total.merge(Moments(shifted))
    return total
  }
}

extension mt_shifted_moments {
  fileprivate init(shift: Double) {
    self.init()
    self.shift = shift
    min = .infinity
    max = -.infinity
  }

  /// About 0 where the mean is within half a standard deviation of it: that takes no subtraction.
  fileprivate init(near run: Moments) {
    let mean = Double(Float(run.mean))
    self.init(shift: !mean.isFinite || 4 * mean * mean <= run.variance ? 0 : mean)
  }
}

extension Moments {
  fileprivate init(_ run: mt_run_moments) {
    self.init(
      count: run.count, mean: run.mean, m2: run.m2, m3: run.m3, m4: run.m4, minimum: run.min,
      maximum: run.max, zeros: run.zeros, notFinite: run.not_finite)
  }

  /// From sums about the shift to sums about the mean, d = mean - shift away from it.
  fileprivate init(_ sums: mt_shifted_moments) {
    guard sums.count > 0 else {
      self = .empty
      return
    }
    let d = sums.s1 / sums.count
    self.init(
      count: sums.count, mean: sums.shift + d, m2: max(0, sums.s2 - sums.s1 * d),
      m3: sums.s3 - 3 * d * sums.s2 + 2 * d * d * sums.s1,
      m4: max(0, sums.s4 - 4 * d * sums.s3 + 6 * d * d * sums.s2 - 3 * d * d * d * sums.s1),
      minimum: sums.min, maximum: sums.max, zeros: sums.zeros, notFinite: 0)
  }
}
