internal import CKernels
internal import Core

/// What `ShardAccumulator` keeps of one shard, whatever the lane type.
protocol Comparing: AnyObject {
  func add(rows: [UnsafeRawPointer], count: Int)
  var partial: Partial { get }
}

/// The sums of one shard, gathered chunk by chunk.
///
/// A chunk is as many runs as stay in the second cache for all models: the moments bring the
/// weights there, the pairs find them there. Weights that must be widened, and those of many models
/// (whose rows, far apart in memory, would compete for the same cache lines), are put side by side.
final class Comparison<Real: Lane>: Comparing {
  private let types: [ElementType]
  private let statistics: Statistics
  /// Coordinates that are summed in float lanes.
  private let run: Int
  /// Whole rows that are looked at for shrinkage; 0: not asked for.
  private let columns: Int
  private let chunk: Int
  private let stride: Int
  private let packs: Bool
  /// A row of lanes per model. Vectors that cross no cache line are read at twice the speed.
  private let scratch: UnsafeMutableBufferPointer<Real>
  private let pointers: UnsafeMutableBufferPointer<UnsafePointer<Real>?>
  private var moments: [RunningMoments]
  private var sums: Partial
  private var collinearity: Collinearity

  init(types: [ElementType], columns: Int, statistics: Statistics) {
    self.types = types
    self.statistics = statistics
    self.columns = statistics.contains(.shrinkage) ? columns : 0
    run = ShardGeometry.run(columns: self.columns)
    chunk = ShardGeometry.chunk(models: types.count, columns: self.columns)
    stride = ShardGeometry.packedRow(chunk)
    packs = types.count >= ShardGeometry.packedModels
    let lanes = types.count * stride
    scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: lanes * MemoryLayout<Real>.stride, alignment: ShardGeometry.cacheLine
    ).bindMemory(to: Real.self)
    pointers = .allocate(capacity: types.count)
    moments = Array(repeating: RunningMoments(), count: types.count)
    sums = Partial(models: types.count, statistics: statistics)
    collinearity = Collinearity(types: self.columns > 0 ? types : [])
  }

  deinit {
    scratch.deallocate()
    pointers.deallocate()
  }

  var partial: Partial {
    var partial = sums
    partial.moments = moments.map(\.total)
    return partial
  }

  func add(rows: [UnsafeRawPointer], count: Int) {
    var start = 0
    while start < count {
      var end = min(count, start + chunk)
      // A row longer than a chunk ends one of its own.
      if columns > chunk { end = min(end, (start / columns + 1) * columns) }
      load(rows, start, end - start)
      if columns > 0 {
        addRows(start, end - start)
      } else {
        addPairs(end - start)
      }
      start = end
    }
  }

  private func load(_ rows: [UnsafeRawPointer], _ start: Int, _ count: Int) {
    guard let base = scratch.baseAddress else { return }
    for i in types.indices {
      let from = rows[i] + start * types[i].bytes
      let lanes = packs || types[i] != Real.stored ? base + i * stride : nil
      let next =
        i + 1 < types.count
        ? rows[i + 1] + start * types[i + 1].bytes : rows[0] + (start + count) * types[0].bytes
      moments[i].add(from, types[i], widenedTo: lanes, count, run: run, ahead: next)
      pointers[i] = lanes.map { UnsafePointer($0) } ?? from.assumingMemoryBound(to: Real.self)
    }
  }

  private func addPairs(_ count: Int) {
    guard let rows = pointers.baseAddress else { return }
    Self.update(&sums) { l2, l1, max in
      Real.addPairs(rows, types.count, count, run, l2, l1, max)
    }
  }

  private static func update(
    _ sums: inout Partial,
    _ body: (
      UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?
    ) -> Void
  ) {
    sums.l2.withUnsafeMutableBufferPointer { l2 in
      sums.l1.withUnsafeMutableBufferPointer { l1 in
        sums.max.withUnsafeMutableBufferPointer { max in
          body(
            l2.baseAddress, l1.isEmpty ? nil : l1.baseAddress, max.isEmpty ? nil : max.baseAddress)
        }
      }
    }
  }

  /// Row by row: the squared distances of each row are looked at before they are added up.
  private func addRows(_ start: Int, _ count: Int) {
    guard let rows = pointers.baseAddress else { return }
    var from = 0
    while from < count {
      let column = (start + from) % columns
      let length = min(columns - column, count - from)
      for i in types.indices {
        guard let row = pointers[i] else { continue }
        collinearity.energies[i] += Real.energy(row, length)
      }
      Self.update(&sums) { _, l1, max in
        Real.addPairs(rows, types.count, length, run, &collinearity.gaps, l1, max)
      }
      for i in types.indices { pointers[i] = pointers[i].map { $0 + length } }
      if column + length == columns { collinearity.endRow(addingTo: &sums) }
      from += length
    }
  }
}
