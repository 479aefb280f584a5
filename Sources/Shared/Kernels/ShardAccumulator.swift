internal import CKernels
package import Core
internal import Encodings
internal import Spectra

/// Turns the weights of one shard, handed in block by block, into a `Partial`.
///
/// Blocks follow each other along the coordinates and are cut into *runs* of at most 1024
/// coordinates. Inside a run, differences are squared and summed in float lanes (double lanes when
/// a model stores F64); at its end the lanes are added by halves once and then in doubles. A difference
/// of two floats is exact to half a unit in the last place. A lane adds up 64 (AVX-512), 128 (AVX2) or
/// 256 (portable) squares and another lane, so its relative error is below one more than that number
/// times 2^-24 in the worst case and near 1e-7 in practice, however close the two models are. The run grid depends on the tensor alone, so the
/// sums do not depend on how the shard was cut into blocks; where a shard is cut into pieces, a block ends where a piece
/// does, and each piece has a grid of its own.
///
/// Not thread-safe: one accumulator belongs to one thread.
package final class ShardAccumulator {
  /// Blocks hold a multiple of this many coordinates, except the last of a shard.
  package let quantum: Int

  private let types: [ElementType]
  private let comparison: LaneComparison
  private let sampler: Sampler
  private let spectrum: Sampler?
  private let sketcher: Sketcher?
  /// Of the pieces that have ended.
  private var pieces = PieceSums()

  /// - Parameters:
  ///   - types: what each model's rows consist of, in plan order.
  ///   - collinearity: how coarsely each model's weights were stored (`Encoding.collinearity`); nil: in the
  ///     plain encoding of their type.
  ///   - columns: columns of the tensor as a matrix; a shard starts at a row.
  ///   - samples: submatrices to keep; their rows are counted from the start of the tensor.
  ///   - spectrum: the block whose spectrum is taken, rows counted as above.
  ///   - sketch: how the tensor is sketched, if at all.
  ///   - start: coordinate of the tensor at which the shard starts.
  package init(
    types: [ElementType], collinearity: [Double]? = nil, columns: Int, statistics: Statistics,
    samples: [SampleGrid.Place] = [], spectrum: SampleGrid.Place? = nil, sketch: SketchMap? = nil, start: Int = 0
  ) {
    precondition(ShardGeometry.run == Int(MT_RUN), "the kernels were built for runs of \(MT_RUN)")
    self.types = types
    quantum = ShardGeometry.quantum(columns: columns, statistics: statistics)
    sampler = Sampler(types: types, columns: columns, places: samples, start: start)
    self.spectrum = spectrum.map {
      Sampler(types: types, columns: columns, places: [$0], start: start)
    }
    sketcher = sketch.map { Sketcher(types: types, map: $0, start: start) }
    let bounds = collinearity ?? types.map { Encoding($0).collinearity }
    comparison =
      types.contains(.f64)
      ? .doubles(Comparison(types: types, collinearity: bounds, columns: columns, statistics: statistics))
      : .floats(Comparison(types: types, collinearity: bounds, columns: columns, statistics: statistics))
  }

  /// The instruction set in use: `avx512`, `avx2` or `portable`.
  package static var instructionSet: String { String(cString: mt_instruction_set()) }

  /// The sums of what was added so far. Where pieces have ended, they are all that there is, and one subtree.
  package var partial: Partial {
    var partial = pieces.total ?? comparison.partial
    partial.samples = sampler.blocks
    partial.sketch = sketcher?.sketch
    if let block = spectrum?.blocks.first { partial.bands = BandEnergies.of(block) }
    return partial
  }

  /// Ends one of several pieces: the sums of the next are begun anew, and added in the tree of `ShardPart`.
  package func endPiece() { pieces.add(comparison.take()) }

  /// Adds a block.
  ///
  /// - Parameters:
  ///   - rows: where each model's weights start, in plan order; `count` numbers of the model's
  ///     type, aligned to it.
  ///   - count: coordinates in the block.
  package func add(rows: [UnsafeRawPointer], count: Int) {
    precondition(rows.count == types.count, "\(rows.count) rows for \(types.count) models")
    comparison.add(rows: rows, count: count)
    sampler.add(rows: rows, count: count)
    spectrum?.add(rows: rows, count: count)
    sketcher?.add(rows: rows, count: count)
  }
}
