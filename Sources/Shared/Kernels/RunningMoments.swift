internal import CKernels
internal import Core

/// Moments of one model's weights while they pass by.
///
/// Most runs are summed as powers of (x - shift), one pass with no division; the shift is the mean
/// of an earlier run. A run that is far from the shift, out of a float's range or not finite is
/// taken by two passes about its own mean and moves the shift.
struct RunningMoments {
  private var merged = Moments.empty
  private var shifted: mt_shifted_moments?

  mutating func add<Real: Lane>(_ row: UnsafePointer<Real>, _ count: Int, run: Int) {
    var done = 0
    while done < count {
      if var sums = shifted {
        done += Real.addMoments(row + done, count - done, run, &sums)
        shifted = sums
        guard done < count else { return }
        merged.merge(Moments(sums))
      }
      let length = min(run, count - done)
      let own = Real.moments(row + done, length)
      merged.merge(Moments(own))
      shifted = mt_shifted_moments(shift: own.mean)
      done += length
    }
  }

  var total: Moments {
    var total = merged
    if let shifted { total.merge(Moments(shifted)) }
    return total
  }
}

extension mt_shifted_moments {
  fileprivate init(shift: Double) {
    self.init()
    let rounded = Double(Float(shift))
    self.shift = rounded.isFinite ? rounded : 0
    min = .infinity
    max = -.infinity
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
