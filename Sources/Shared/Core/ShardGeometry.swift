/// How tensors are divided: into shards for the cluster, blocks for memory, and runs for the kernels.
///
/// Whatever affects the order of additions depends on the tensor only, never on the number of workers or their memory:
/// same bytes in, same bits out.
package enum ShardGeometry {
  /// Weights of the largest tensor that is computed with, a hundred times those of the largest known one.
  package static let mostWeights = 1 << 40

  /// Coordinates whose differences are summed in float before they are added to doubles.
  package static let run = 1024

  /// Coordinates of a shard, if the tensor has as many.
  package static let target = 1 << 22

  /// The coordinate ranges of a tensor's shards. Tensors of rank 2 and above are divided between rows.
  package static func ranges(of shape: TensorShape) -> [Range<Int>] {
    let length = length(of: shape)
    return stride(from: 0, to: shape.elements, by: length).map {
      $0..<min($0 + length, shape.elements)
    }
  }

  /// How many shards a tensor has.
  package static func count(of shape: TensorShape) -> Int {
    let length = length(of: shape)
    return shape.elements / length + (shape.elements % length == 0 ? 0 : 1)
  }

  /// Coordinates of every shard of a tensor but the last.
  private static func length(of shape: TensorShape) -> Int {
    let columns = shape.columns
    let aligned = shape.rank >= 2 && columns > 0 && columns <= target
    return aligned ? target / columns * columns : target
  }

  /// Raised when shards are cut into other pieces: their sums are other bits then.
  package static let cutting = 1
  /// Pair-coordinates from which on a shard is worth sharing: about a second of a core.
  private static let longShard = Double(1 << 34)
  /// Pair-coordinates that a piece has at least: a tenth of that.
  private static let longPiece = Double(1 << 31)
  /// Coordinates that a piece has at least, so that adding its sums to the others' takes less than a hundredth of the
  /// time of computing them.
  private static let largePiece = 1 << 14
  /// What a worker's thread may keep of the sums of unfinished subtrees, in bytes.
  private static let mostSubtrees = 512 << 20

  /// The pieces that a shard is cut into: a power of two, 1 where it does not take long.
  ///
  /// Sketches are as large for a piece as for a shard, and rounded: shards with one stay whole. A block of which the
  /// spectrum is taken comes from the first piece, which must have as many rows.
  ///
  /// - Parameters:
  ///   - coordinates: of the shard.
  ///   - shape: of the tensor.
  ///   - spectrum: as in `Shard`.
  package static func pieces(
    of coordinates: Int, shape: TensorShape, models: Int, statistics: Statistics, spectrum: Int
  ) -> Int {
    let columns = shape.columns
    guard shape.rank >= 2, 0 < columns, columns <= target, !statistics.contains(.sketch) else { return 1 }
    let work = Double(PairIndex(models).count) * Double(coordinates)
    guard work >= longShard else { return 1 }
    var pieces = ShardPart.mostPieces
    while pieces > 1,
      work / Double(pieces) < longPiece || coordinates / pieces < largePiece
        || coordinates / columns / pieces < max(1, spectrum)
        || pieces.trailingZeroBitCount * statistics.pairArrays * PairIndex(models).count > mostSubtrees / 8
    {
      pieces /= 2
    }
    return pieces
  }

  /// From this number of models on, the kernels pack runs side by side instead of reading them in place.
  package static let packedModels = 24

  /// Bytes of a cache line.
  package static let cacheLine = 64

  /// Lanes from one packed row to the next: whole cache lines plus one, so that rows do not compete for the same cache
  /// sets.
  package static func packedRow(_ coordinates: Int) -> Int {
    let line = cacheLine / MemoryLayout<Float>.stride
    return (coordinates + line - 1) / line * line + line
  }

  /// Coordinates of a run. When shrinkage is computed (`columns` > 0), a run ends with a row.
  package static func run(columns: Int) -> Int { columns > 0 ? min(columns, run) : run }

  /// Coordinates that the kernels process at a time, a multiple of the run: with few models they fit into the
  /// first-level cache, with many into the second.
  ///
  /// - Parameters:
  ///   - models: that have the tensor.
  ///   - columns: of the tensor when shrinkage is computed, otherwise 0.
  ///   - bytes: of a stored coordinate, at least.
  package static func chunk(models: Int, columns: Int, bytes: Int = 2) -> Int {
    let run = run(columns: columns)
    let few = self.run * max(1, 16 / max(1, models * bytes))
    let coordinates = models < packedModels ? few : 64 * self.run / models
    return run * max(1, coordinates / run)
  }

  /// Blocks hold a multiple of this many coordinates, except the last of a shard. With shrinkage
  /// a block holds whole rows: as many as fit a run, at least one.
  package static func quantum(columns: Int, statistics: Statistics) -> Int {
    guard statistics.contains(.shrinkage), columns > 0 else { return run }
    return columns >= run ? columns : run / columns * columns
  }

  /// Bytes that a shard keeps of each model: its samples, the block of its spectrum, its sketch.
  package static func keptBytes(
    models: Int, shape: TensorShape, samples: Int, spectrum: Int, sketch: SampleShape? = nil
  ) -> Int {
    let sampled = min(shape.rows, SampleGrid.side) * min(shape.columns, SampleGrid.side)
    let sketched = sketch.map { SketchMap.bytes($0, columns: shape.columns, models: models) } ?? 0
    return models * (4 * samples * sampled + SpectrumGrid.bytes(spectrum, of: shape)) + sketched
  }

  /// Bytes that a computation needs besides its blocks: the sums, the packed runs, the weights it keeps, and the sums
  /// of the previous shard that are still being sent.
  ///
  /// - Parameter pieces: that are computed one after the other.
  package static func workingBytes(
    models: Int, columns: Int, statistics: Statistics, kept: Int = 0, pieces: Int = 1
  ) -> Int {
    let shrinkage = statistics.contains(.shrinkage)
    let arrays = statistics.pairArrays + (shrinkage ? 1 : 0)
    let lanes = packedRow(chunk(models: models, columns: shrinkage ? columns : 0))
    let pairBytes = PairIndex(models).count * 8
    // Of finished pieces one matrix for each digit of their number.
    let copies = answers + pieces.trailingZeroBitCount
    return kept + pairBytes * (arrays + copies * statistics.pairArrays) + models * (lanes * 8 + buffers * cacheLine)
  }

  /// Copies of a shard's sums that are still being sent while the next shard is computed.
  private static let answers = 2

  /// Blocks in memory at a time: one is being computed, the others are being read ahead.
  package static let buffers = 3

  /// Bytes of a block worth reading at once. They are few enough that all buffers stay in the last-level cache, so that
  /// weights go from the page cache to the kernels without a detour through memory; and at least 64 KiB per file, which
  /// the system reads ahead anyway.
  package static func blockBytes(models: Int) -> Int { max(4 << 20, models << 16) }

  /// Rows of a block start at cache-line boundaries.
  package static func alignedRow(_ bytes: Int) -> Int {
    (bytes + cacheLine - 1) / cacheLine * cacheLine
  }

  /// Bytes below which a computation cannot run: blocks of one quantum and the sums.
  package static func minimumBytes(
    models: Int, bytesPerCoordinate: Int, columns: Int, statistics: Statistics, kept: Int = 0, pieces: Int = 1
  ) -> Int {
    workingBytes(models: models, columns: columns, statistics: statistics, kept: kept, pieces: pieces)
      + buffers * bytesPerCoordinate * quantum(columns: columns, statistics: statistics)
  }
}
