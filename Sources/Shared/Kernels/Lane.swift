internal import CKernels
internal import Core
internal import Encodings

/// The type in which weights are compared: `Float`, or `Double` when a model stores F64.
protocol Lane: BinaryFloatingPoint {
  /// The storage type that needs no widening.
  static var stored: ElementType { get }

  /// See `mt_pairs_f32`.
  static func addPairs(
    _ rows: UnsafeMutablePointer<UnsafePointer<Self>?>, _ n: Int, _ count: Int, _ run: Int,
    fetch: UnsafeMutablePointer<mt_fetch>?, _ l2: UnsafeMutablePointer<Double>?,
    _ l1: UnsafeMutablePointer<Double>?, _ max: UnsafeMutablePointer<Double>?)

  /// See `mt_rate_f32`.
  static func rate(_ n: Int, bytes: Int, norms: Bool) -> Double

  /// See `mt_extremes_f32`.
  static func addExtremes(
    _ rows: UnsafeMutablePointer<UnsafePointer<Self>?>, _ n: Int, _ count: Int,
    _ low: UnsafeMutablePointer<Double>?, _ high: UnsafeMutablePointer<Double>?)

  /// See `mt_fold_f32`.
  static func fold(
    _ row: UnsafePointer<Self>, _ signs: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Double>,
    _ count: Int)

  static func energy(_ row: UnsafePointer<Self>, _ count: Int) -> Double

  /// See `mt_take`.
  ///
  /// - Parameter into: where the widened weights go; nil: they are of the type `stored` and stay.
  static func take(
    _ from: UnsafeRawPointer, _ type: ElementType, into: UnsafeMutablePointer<Self>?, _ count: Int,
    _ run: Int, fetch: UnsafeMutablePointer<mt_fetch>, _ moments: inout mt_shifted_moments
  ) -> Int

  /// Moments of one run by two passes in double, whatever the weights are.
  static func moments(_ row: UnsafePointer<Self>, _ count: Int) -> mt_run_moments
}

extension Float: Lane {
  static var stored: ElementType { .f32 }

  static func addPairs(
    _ rows: UnsafeMutablePointer<UnsafePointer<Float>?>, _ n: Int, _ count: Int, _ run: Int,
    fetch: UnsafeMutablePointer<mt_fetch>?, _ l2: UnsafeMutablePointer<Double>?,
    _ l1: UnsafeMutablePointer<Double>?, _ max: UnsafeMutablePointer<Double>?
  ) { mt_pairs_f32(rows, n, count, run, fetch, l2, l1, max) }

  static func rate(_ n: Int, bytes: Int, norms: Bool) -> Double {
    mt_rate_f32(n, bytes, norms ? 1 : 0)
  }

  static func addExtremes(
    _ rows: UnsafeMutablePointer<UnsafePointer<Float>?>, _ n: Int, _ count: Int,
    _ low: UnsafeMutablePointer<Double>?, _ high: UnsafeMutablePointer<Double>?
  ) { mt_extremes_f32(rows, n, count, low, high) }

  static func fold(
    _ row: UnsafePointer<Float>, _ signs: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Double>,
    _ count: Int
  ) { mt_fold_f32(row, signs, to, count) }

  static func energy(_ row: UnsafePointer<Float>, _ count: Int) -> Double { mt_energy_f32(row, count) }

  static func take(
    _ from: UnsafeRawPointer, _ type: ElementType, into: UnsafeMutablePointer<Float>?, _ count: Int,
    _ run: Int, fetch: UnsafeMutablePointer<mt_fetch>, _ moments: inout mt_shifted_moments
  ) -> Int {
    if case .f64 = type { preconditionFailure("F64 takes the path of doubles") }
    return mt_take(type.storage, from, into, count, run, fetch, &moments)
  }

  static func moments(_ row: UnsafePointer<Float>, _ count: Int) -> mt_run_moments {
    mt_moments_f32(row, count)
  }
}

extension Double: Lane {
  static var stored: ElementType { .f64 }

  private static func widen(
    _ from: UnsafeRawPointer, _ type: ElementType, _ count: Int, into: UnsafeMutablePointer<Double>
  ) {
    switch type {
    case .f64: into.update(from: from.assumingMemoryBound(to: Double.self), count: count)
    case .f32: mt_widen_f32_f64(from.assumingMemoryBound(to: Float.self), into, count)
    case .f16, .bf16:
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { floats in
        guard let floats = floats.baseAddress else { return }
        mt_decode(type.storage, from, floats, count)
        mt_widen_f32_f64(floats, into, count)
      }
    }
  }

  static func addPairs(
    _ rows: UnsafeMutablePointer<UnsafePointer<Double>?>, _ n: Int, _ count: Int, _ run: Int,
    fetch: UnsafeMutablePointer<mt_fetch>?, _ l2: UnsafeMutablePointer<Double>?,
    _ l1: UnsafeMutablePointer<Double>?, _ max: UnsafeMutablePointer<Double>?
  ) { mt_pairs_f64(rows, n, count, run, fetch, l2, l1, max) }

  static func rate(_ n: Int, bytes: Int, norms: Bool) -> Double {
    mt_rate_f64(n, bytes, norms ? 1 : 0)
  }

  static func addExtremes(
    _ rows: UnsafeMutablePointer<UnsafePointer<Double>?>, _ n: Int, _ count: Int,
    _ low: UnsafeMutablePointer<Double>?, _ high: UnsafeMutablePointer<Double>?
  ) { mt_extremes_f64(rows, n, count, low, high) }

  static func fold(
    _ row: UnsafePointer<Double>, _ signs: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Double>,
    _ count: Int
  ) { mt_fold_f64(row, signs, to, count) }

  static func energy(_ row: UnsafePointer<Double>, _ count: Int) -> Double {
    mt_energy_f64(row, count)
  }

  /// Doubles are rare; they always take the way of two passes, run by run.
  static func take(
    _ from: UnsafeRawPointer, _ type: ElementType, into: UnsafeMutablePointer<Double>?, _ count: Int,
    _ run: Int, fetch: UnsafeMutablePointer<mt_fetch>, _ moments: inout mt_shifted_moments
  ) -> Int {
    if let into { widen(from, type, min(run, count), into: into) }
    return 0
  }

  static func moments(_ row: UnsafePointer<Double>, _ count: Int) -> mt_run_moments {
    mt_moments_f64(row, count)
  }
}
