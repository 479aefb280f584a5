internal import CKernels
internal import Core

/// The sums of one shard, gathered chunk by chunk.
///
/// A chunk is as many runs as stay in a near cache for all models: the moments bring the weights
/// there, the pairs find them there, and meanwhile the next chunk comes from memory. Weights that must
/// be widened, and those of many models (whose rows, far apart in memory, would compete for the same
/// cache lines), are put side by side.
final class Comparison<Real: Lane> {
  private let types: [ElementType]
  /// Of each model: are its weights put beside the others', widened where need be?
  private let isCopied: [Bool]
  private let statistics: Statistics
  /// Coordinates that are summed in float lanes.
  private let run: Int
  /// Whole rows that are looked at for shrinkage; 0: not asked for.
  private let columns: Int
  private let chunk: Int
  private let stride: Int
  /// A row of lanes per model. Vectors that cross no cache line are read at twice the speed.
  private let scratch: UnsafeMutableBufferPointer<Real>
  private let pointers: UnsafeMutableBufferPointer<UnsafePointer<Real>?>
  /// Where each row goes on after the chunk at hand.
  private let ahead: UnsafeMutableBufferPointer<mt_ahead>
  /// How fast that is fetched from memory.
  private let rate: Double
  /// Of one model each. No array: a run of few models takes no longer than the checks on one.
  private let moments: UnsafeMutableBufferPointer<RunningMoments>
  private var sums: Partial
  private var collinearity: Collinearity

  /// - Parameter collinearity: `Encoding.collinearity` of each model.
  init(types: [ElementType], collinearity bounds: [Double], columns: Int, statistics: Statistics) {
    self.types = types
    self.statistics = statistics
    self.columns = statistics.contains(.shrinkage) ? columns : 0
    run = ShardGeometry.run(columns: self.columns)
    let bytes = types.map(\.bytes).max() ?? 0
    chunk = ShardGeometry.chunk(models: types.count, columns: self.columns, bytes: bytes)
    stride = ShardGeometry.packedRow(chunk)
    let packs = types.count >= ShardGeometry.packedModels
    isCopied = types.map { packs || $0 != Real.stored }
    let lanes = types.count * stride
    scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: lanes * MemoryLayout<Real>.stride, alignment: ShardGeometry.cacheLine
    ).bindMemory(to: Real.self)
    pointers = .allocate(capacity: types.count)
    ahead = .allocate(capacity: types.count)
    rate = Real.rate(
      types.count, bytes: bytes, norms: !statistics.isDisjoint(with: [.l1, .max]))
    moments = .allocate(capacity: types.count)
    moments.initialize(repeating: RunningMoments())
    // Sketches and spectra are others' work.
    sums = Partial(PartialSchema(models: types.count, statistics: statistics))
    collinearity = Collinearity(bounds: self.columns > 0 ? bounds : [])
  }

  deinit {
    scratch.deallocate()
    pointers.deallocate()
    ahead.deallocate()
    moments.deallocate()
  }

  var partial: Partial {
    var partial = sums
    partial.moments = moments.map(\.total)
    return partial
  }

  /// The sums so far; what is added from now on is summed by itself.
  func take() -> Partial {
    let taken = partial
    sums = Partial(PartialSchema(models: types.count, statistics: statistics))
    moments.update(repeating: RunningMoments())
    return taken
  }

  func add(rows: [UnsafeRawPointer], count: Int) {
    var start = 0
    while start < count {
      let end = chunkEnd(start, count)
      var fetch = fetch(rows, from: end, to: chunkEnd(end, count))
      load(rows, start, end - start, &fetch)
      if columns > 0 {
        addRows(start, end - start, &fetch)
      } else {
        addPairs(end - start, &fetch)
      }
      start = end
    }
  }

  private func fetch(_ rows: [UnsafeRawPointer], from start: Int, to end: Int) -> mt_fetch {
    for i in types.indices {
      let bytes = types[i].bytes
      ahead[i] = mt_ahead(at: rows[i] + start * bytes, bytes: (end - start) * bytes)
    }
    let first = UnsafePointer(ahead.baseAddress)
    return mt_fetch(
      row: first, end: first.map { start < end ? $0 + types.count : $0 }, offset: 0, rate: rate)
  }

  private func chunkEnd(_ start: Int, _ count: Int) -> Int {
    let end = min(count, start + chunk)
    // A row longer than a chunk ends one of its own.
    return columns > chunk ? min(end, (start / columns + 1) * columns) : end
  }

  private func load(
    _ rows: [UnsafeRawPointer], _ start: Int, _ count: Int, _ fetch: inout mt_fetch
  ) {
    guard let base = scratch.baseAddress else { return }
    var own = fetch
    for (i, type) in types.enumerated() {
      let from = rows[i] + start * type.bytes
      let lanes = isCopied[i] ? base + i * stride : nil
      moments[i].add(from, type, widenedTo: lanes, count, run: run, fetch: &own)
      pointers[i] = lanes.map { UnsafePointer($0) } ?? from.assumingMemoryBound(to: Real.self)
    }
    fetch = own
  }

  private func addPairs(_ count: Int, _ fetch: inout mt_fetch) {
    guard let rows = pointers.baseAddress else { return }
    Self.update(&sums) { l2, l1, max in
      Real.addPairs(rows, types.count, count, run, fetch: &fetch, l2, l1, max)
    }
    addExtremes(rows, count)
  }

  private func addExtremes(_ rows: UnsafeMutablePointer<UnsafePointer<Real>?>, _ count: Int) {
    guard statistics.contains(.extremes) else { return }
    Self.updateExtremes(&sums) { Real.addExtremes(rows, types.count, count, $0, $1) }
  }

  private static func updateExtremes(
    _ sums: inout Partial,
    _ body: (UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?) -> Void
  ) {
    sums.lowest.withUnsafeMutableBufferPointer { low in
      sums.highest.withUnsafeMutableBufferPointer { high in body(low.baseAddress, high.baseAddress) }
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
  private func addRows(_ start: Int, _ count: Int, _ fetch: inout mt_fetch) {
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
        Real.addPairs(rows, types.count, length, run, fetch: &fetch, &collinearity.gaps, l1, max)
      }
      addExtremes(rows, length)
      for i in types.indices { pointers[i] = pointers[i].map { $0 + length } }
      if column + length == columns { collinearity.endRow(addingTo: &sums) }
      from += length
    }
  }
}
