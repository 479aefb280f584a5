internal import CKernels
public import Core

/// Turns the weights of one shard, handed in block by block, into a `Partial`.
///
/// Blocks follow each other along the coordinates and are cut into *runs* of at most 1024
/// coordinates. Inside a run, differences are squared and summed in float lanes (double lanes when
/// a model stores F64); at its end the lane sums are added to doubles. A difference of two floats is
/// exact to half a unit in the last place. A lane adds up 64 (AVX-512), 128 (AVX2) or 256 (portable)
/// squares, so its relative error is below that number times 2^-24 in the worst case and near 1e-7
/// in practice, however close the two models are. The run grid depends on the tensor alone, so the
/// sums do not depend on how the shard was cut into blocks.
///
/// Not thread-safe: one accumulator belongs to one thread.
public final class ShardAccumulator {
  /// Blocks hold a multiple of this many coordinates, except the last of a shard.
  public let quantum: Int

  public private(set) var partial: Partial

  private let types: [ElementType]
  private let columns: Int
  private let double: Bool
  private let wantsShrinkage: Bool
  private let run = ShardGeometry.run
  private var narrow: [Float] = []
  private var wide: [Double] = []
  private var unit: [Float] = []
  private var gaps: [Double] = []

  /// - Parameters:
  ///   - types: storage type of each model's weights, in plan order.
  ///   - columns: columns of the tensor as a matrix; a shard starts at a row.
  public init(types: [ElementType], columns: Int, statistics: Statistics) {
    precondition(run == Int(MT_RUN), "the kernels were built for runs of \(MT_RUN)")
    self.types = types
    self.columns = columns
    double = types.contains(.f64)
    wantsShrinkage = statistics.contains(.shrinkage) && columns > 0
    quantum = ShardGeometry.quantum(columns: columns, statistics: statistics)
    partial = Partial(models: types.count, statistics: statistics)
    if double {
      wide = Array(repeating: 0, count: types.count * run)
    } else {
      narrow = Array(repeating: 0, count: types.count * run)
    }
    if wantsShrinkage {
      unit = Array(repeating: 0, count: types.count * columns)
      gaps = Array(repeating: 0, count: PairIndex(types.count).count)
    }
  }

  /// The instruction set in use: `avx512`, `avx2` or `portable`.
  public static var instructionSet: String { String(cString: mt_instruction_set()) }

  /// Adds a block.
  ///
  /// - Parameters:
  ///   - rows: where each model's weights start, in plan order; `count` elements of the model's
  ///     own type, aligned to it.
  ///   - count: coordinates in the block.
  public func add(rows: [UnsafeRawPointer], count: Int) {
    precondition(rows.count == types.count, "\(rows.count) rows for \(types.count) models")
    var start = 0
    while start < count {
      let end = min(count, start + quantum)
      var from = start
      while from < end {
        let length = min(run, end - from)
        if double {
          addRun64(rows, from, length)
        } else {
          addRun32(rows, from, length)
        }
        from += length
      }
      if wantsShrinkage {
        for row in stride(from: start, to: end, by: columns) { addRow(rows, row) }
      }
      start = end
    }
  }

  private func addRun32(_ rows: [UnsafeRawPointer], _ from: Int, _ length: Int) {
    narrow.withUnsafeMutableBufferPointer { scratch in
      let pointers: [UnsafePointer<Float>?] = rows.indices.map { i in
        widened(rows[i], types[i], from, length, into: scratch.baseAddress! + i * run)
      }
      for (i, pointer) in pointers.enumerated() {
        partial.moments[i].merge(Moments(mt_moments_f32(pointer, length)))
      }
      update(&partial) { l2, l1, max in
        mt_pairs_f32(pointers, pointers.count, length, l2, l1, max)
      }
    }
  }

  private func addRun64(_ rows: [UnsafeRawPointer], _ from: Int, _ length: Int) {
    wide.withUnsafeMutableBufferPointer { scratch in
      let pointers: [UnsafePointer<Double>?] = rows.indices.map { i in
        widened(rows[i], types[i], from, length, into: scratch.baseAddress! + i * run)
      }
      for (i, pointer) in pointers.enumerated() {
        partial.moments[i].merge(Moments(mt_moments_f64(pointer, length)))
      }
      update(&partial) { l2, l1, max in
        mt_pairs_f64(pointers, pointers.count, length, l2, l1, max)
      }
    }
  }

  private func update(
    _ partial: inout Partial,
    _ body: (UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?) -> Void
  ) {
    partial.l2.withUnsafeMutableBufferPointer { l2 in
      partial.l1.withUnsafeMutableBufferPointer { l1 in
        partial.max.withUnsafeMutableBufferPointer { max in
          body(
            l2.baseAddress, l1.isEmpty ? nil : l1.baseAddress, max.isEmpty ? nil : max.baseAddress)
        }
      }
    }
  }

  /// Floats are used where they lie; smaller types are widened into `scratch`.
  private func widened(
    _ row: UnsafeRawPointer, _ type: ElementType, _ from: Int, _ length: Int,
    into scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let start = row + from * type.bytes
    switch type {
    case .f32: return start.assumingMemoryBound(to: Float.self)
    case .f16: mt_widen_f16(start, scratch, length)
    case .bf16: mt_widen_bf16(start, scratch, length)
    case .f64: preconditionFailure("F64 takes the path of doubles")
    }
    return UnsafePointer(scratch)
  }

  private func widened(
    _ row: UnsafeRawPointer, _ type: ElementType, _ from: Int, _ length: Int,
    into scratch: UnsafeMutablePointer<Double>
  ) -> UnsafePointer<Double> {
    let start = row + from * type.bytes
    if type == .f64 { return start.assumingMemoryBound(to: Double.self) }
    if type == .f32 {
      mt_widen_f32_f64(start.assumingMemoryBound(to: Float.self), scratch, length)
    } else {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { floats in
        let floats = floats.baseAddress!
        _ = widened(row, type, from, length, into: floats)
        mt_widen_f32_f64(floats, scratch, length)
      }
    }
    return UnsafePointer(scratch)
  }

  /// Looks for pairs whose rows at `start` are collinear: one is the other, shrunk by weight decay.
  ///
  /// Rows are scaled to unit length; then |x - y|^2 = 2 (1 - cosine), which the pair kernel gives
  /// without cancellation.
  private func addRow(_ rows: [UnsafeRawPointer], _ start: Int) {
    var logNorms = Array(repeating: -Double.infinity, count: types.count)
    unit.withUnsafeMutableBufferPointer { unit in
      for i in types.indices {
        let row = unit.baseAddress! + i * columns
        logNorms[i] = normalise(rows[i], types[i], start, into: row)
      }
      for p in gaps.indices { gaps[p] = 0 }
      var from = 0
      while from < columns {
        let length = min(run, columns - from)
        let pointers: [UnsafePointer<Float>?] = types.indices.map {
          UnsafePointer(unit.baseAddress! + $0 * columns + from)
        }
        gaps.withUnsafeMutableBufferPointer {
          mt_pairs_f32(pointers, pointers.count, length, $0.baseAddress, nil, nil)
        }
        from += length
      }
    }
    PairIndex(types.count).forEach { p, i, j in
      let bound = 2 * max(types[i].collinearity, types[j].collinearity)
      guard gaps[p] < bound, logNorms[i].isFinite, logNorms[j].isFinite else { return }
      partial.collinearRows[p] += 1
      partial.logShrinkage[p] += logNorms[j] - logNorms[i]
    }
  }

  /// Writes the row scaled to unit length and returns the logarithm of its norm; -infinity for a
  /// row of zeros, NaN for one that is not finite.
  private func normalise(
    _ row: UnsafeRawPointer, _ type: ElementType, _ start: Int, into unit: UnsafeMutablePointer<Float>
  ) -> Double {
    var from = 0
    var sum = 0.0
    func eachRun(_ body: (_ from: Int, _ values: UnsafePointer<Double>, _ length: Int) -> Void) {
      withUnsafeTemporaryAllocation(of: Double.self, capacity: run) { scratch in
        from = 0
        while from < columns {
          let length = min(run, columns - from)
          body(from, widened(row, type, start + from, length, into: scratch.baseAddress!), length)
          from += length
        }
      }
    }
    eachRun { _, values, length in
      for p in 0..<length { sum += values[p] * values[p] }
    }
    let scale = sum > 0 ? 1 / sum.squareRoot() : 0
    eachRun { from, values, length in
      for p in 0..<length { unit[from + p] = Float(values[p] * scale) }
    }
    return 0.5 * logarithm(sum)
  }
}

extension Moments {
  fileprivate init(_ run: mt_run_moments) {
    self.init(
      count: run.count, mean: run.mean, m2: run.m2, m3: run.m3, m4: run.m4, minimum: run.min,
      maximum: run.max, zeros: run.zeros, notFinite: run.not_finite)
  }
}
