/// The result of one shard: sums over its coordinates, for `models` models in plan order.
///
/// Arrays per pair are in the order of `PairIndex(models)`.
package struct Partial: Sendable, Equatable {
  package let models: Int
  /// Sum of squared differences per pair.
  package var l2: [Double]
  /// Sum of absolute differences per pair; empty when not asked for.
  package var l1: [Double]
  /// Largest absolute difference per pair; empty when not asked for.
  package var max: [Double]
  /// Least and largest x - y per pair, x of the first model; empty when not asked for.
  package var lowest: [Double]
  package var highest: [Double]
  /// One per model.
  package var moments: [Moments]
  /// Collinear rows per pair; empty when not asked for.
  package var collinearRows: [Double]
  /// Sum over those rows of log(|row of j| / |row of i|), pair i < j; empty when not asked for.
  package var logShrinkage: [Double]
  /// Energies of the parts of the spectrum, `SpectrumGrid.bands` per model, the largest singular
  /// values first; empty when not asked for, 0 where the shard has no block.
  package var bands: [Double]
  /// Submatrices of all models, in the order of the shards.
  package var samples: [SampleBlock]
  /// Sketches of all models; nil when not asked for.
  package var sketch: Sketch?

  /// Sums over no coordinates.
  package init(_ schema: PartialSchema) {
    let statistics = schema.statistics
    let zeros = Array(repeating: 0.0, count: PairIndex(schema.models).count)
    models = schema.models
    l2 = zeros
    l1 = statistics.contains(.l1) ? zeros : []
    max = statistics.contains(.max) ? zeros : []
    lowest = statistics.contains(.extremes) ? zeros.map { _ in .infinity } : []
    highest = lowest.map { -$0 }
    moments = Array(repeating: .empty, count: models)
    collinearRows = statistics.contains(.shrinkage) ? zeros : []
    logShrinkage = collinearRows
    bands = Array(repeating: 0, count: statistics.contains(.spectrum) ? models * SpectrumGrid.bands : 0)
    samples = schema.samples.map { SampleBlock(shape: $0, models: schema.models) }
    sketch = schema.sketch.map { Sketch(shape: $0, models: schema.models) }
  }

  package var statistics: Statistics {
    var set: Statistics = []
    if !l1.isEmpty { set.insert(.l1) }
    if !max.isEmpty { set.insert(.max) }
    if !lowest.isEmpty { set.insert(.extremes) }
    if sketch != nil { set.insert(.sketch) }
    if !logShrinkage.isEmpty { set.insert(.shrinkage) }
    if !bands.isEmpty { set.insert(.spectrum) }
    return set
  }

  package var schema: PartialSchema {
    PartialSchema(models: models, statistics: statistics, samples: samples.map(\.shape), sketch: sketch?.shape)
  }

  /// Adds the sums of another range of the same tensor, for the same models and statistics.
  package mutating func merge(_ other: Partial) {
    addSums(of: other)
    samples += other.samples
  }

  /// Adds the sums of the part of the same shard that follows: submatrices go on with the rows that lie in it.
  package mutating func join(_ next: Partial) {
    addSums(of: next)
    precondition(next.samples.count == samples.count, "\(next.samples.count) samples beside \(samples.count)")
    for block in samples.indices { samples[block].append(next.samples[block], models: models) }
  }

  private mutating func addSums(of other: Partial) {
    precondition(other.models == models, "partials of \(other.models) and \(models) models")
    Self.add(other.l2, to: &l2)
    Self.add(other.l1, to: &l1)
    Self.add(other.collinearRows, to: &collinearRows)
    Self.add(other.logShrinkage, to: &logShrinkage)
    Self.add(other.bands, to: &bands)
    for p in max.indices { max[p] = Swift.max(max[p], other.max[p]) }
    for p in lowest.indices {
      lowest[p] = Swift.min(lowest[p], other.lowest[p])
      highest[p] = Swift.max(highest[p], other.highest[p])
    }
    for i in moments.indices { moments[i].merge(other.moments[i]) }
    if let added = other.sketch {
      if sketch == nil { sketch = added } else { sketch?.add(added) }
    }
  }

  private static func add(_ other: [Double], to sums: inout [Double]) {
    for p in sums.indices { sums[p] += other[p] }
  }
}
