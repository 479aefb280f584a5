internal import Checkpoints
package import Core

extension Plan {
  /// Weights that the run reads, each once, in bytes.
  package var bytes: Int { tensors.reduce(0) { $0 + $1.bytes } }

  /// Weights that a shard reads, in bytes: its share of the tensor's, as an encoded block may stand for
  /// more than a coordinate.
  package func bytes(of shard: Shard) -> Int {
    let tensor = tensors[shard.tensor]
    guard tensor.shape.elements > 0 else { return 0 }
    let product = tensor.bytes.multipliedFullWidth(by: shard.coordinates.count)
    return tensor.shape.elements.dividingFullWidth(product).quotient
  }

  /// Weights of all models, compared or not, in bytes.
  package var storedBytes: Int { models.reduce(0) { $0 + $1.bytes } }

  /// Pairs times coordinates: the work of the kernels.
  package var pairCoordinates: Double {
    tensors.reduce(0) {
      $0 + Double(PairIndex($1.copies.count).count) * Double($1.shape.elements)
    }
  }

  /// Bytes below which a worker's thread cannot compute some shard.
  package var minimumWorkerBytes: Int {
    tensors.map {
      ShardGeometry.minimumBytes(
        models: $0.copies.count, bytesPerCoordinate: $0.bytesPerCoordinate,
        columns: $0.shape.columns, statistics: $0.statistics,
        kept: ShardGeometry.keptBytes(
          models: $0.copies.count, shape: $0.shape, samples: $0.samples, spectrum: $0.spectrum,
          sketch: $0.sketch) + $0.readingBytes)
    }.max() ?? 0
  }

  /// Bytes that the coordinator needs beside its program: the sums of one tensor at a time, as they come
  /// from the journal and added up (a small one and the next), and the matrices of the lineage rules.
  package var coordinatorBytes: Int {
    // Blocks are put together before anything is said of them.
    let tensors = wholes.map(\.tensor)
    let largest =
      tensors.map {
        8 * $0.statistics.pairArrays * PairIndex($0.copies.count).count
          + $0.copies.count * MemoryLayout<Moments>.stride
          + ShardGeometry.keptBytes(
            models: $0.copies.count, shape: $0.shape, samples: $0.samples, spectrum: 0,
            sketch: $0.sketch)
      }.max() ?? 0
    // Ranks are kept from the first pass over the tensors to the last.
    let ranks = tensors.filter { $0.sketch != nil }.reduce(0) {
      $0 + MemoryLayout<DifferenceRank?>.stride * PairIndex($1.copies.count).count
    }
    let most = sections.map(\.count).max() ?? 0
    let solved = sections.reduce(0) { $0 + $1.count * $1.count }
    return 3 * largest + ranks + 8 * (Self.matrices * most * most + Self.shown * (solved - most * most))
  }

  /// About how long the journal becomes.
  package var journalBytes: Int {
    shards.reduce(0) { sum, shard in
      let schema = schema(of: shard)
      let weights = schema.samples.reduce(0) { $0 + 4 * $1.count } + (schema.sketch.map { 8 * $0.count } ?? 0)
      return sum + 8 * schema.statistics.pairArrays * PairIndex(schema.models).count
        + schema.models * (MemoryLayout<Moments>.stride + weights)
    }
  }

  /// Matrices of n x n doubles that the coordinator holds at its peak, while the tree is solved.
  private static let matrices = 24
  /// Those of all sections that the page is made of.
  private static let shown = 3

  /// Seconds that the run takes at the given rates, reading and computing overlapped.
  ///
  /// - Parameters:
  ///   - workers: processes or threads that compute at the same time.
  ///   - bytesPerSecond: of the disk, all workers together.
  ///   - pairsPerSecond: pair-coordinates per second and worker.
  package func seconds(workers: Int, bytesPerSecond: Double, pairsPerSecond: Double) -> Double {
    max(Double(bytes) / bytesPerSecond, pairCoordinates / (Double(workers) * pairsPerSecond))
  }
}
