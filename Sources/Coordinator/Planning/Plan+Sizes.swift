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
    zip(tensors, mostPieces).map { tensor, pieces in
      ShardGeometry.minimumBytes(
        models: tensor.copies.count, bytesPerCoordinate: tensor.bytesPerCoordinate,
        columns: tensor.shape.columns, statistics: tensor.statistics,
        kept: ShardGeometry.keptBytes(
          models: tensor.copies.count, shape: tensor.shape, samples: tensor.samples, spectrum: tensor.spectrum,
          sketch: tensor.sketch) + tensor.readingBytes,
        pieces: pieces)
    }.max() ?? 0
  }

  /// Of each tensor the pieces of the shard that has most.
  private var mostPieces: [Int] {
    shards.reduce(into: Array(repeating: 1, count: tensors.count)) { $0[$1.tensor] = max($0[$1.tensor], $1.pieces) }
  }

  /// What the coordinator may keep of the sums of parts of shards, until the shards are whole, in bytes; 0 where all
  /// shards stay whole.
  package var partsBytes: Int {
    let cut = shards.filter { $0.pieces > 1 }
    let largest = cut.map { sumBytes(of: $0) + sampleBytes(of: $0) }.max() ?? 0
    let all = cut.reduce(0) { $0 + ($1.pieces - 1) * sumBytes(of: $1) + sampleBytes(of: $1) }
    return min(all, max(Self.partsShare, Self.leastParts * largest))
  }

  /// Bytes of the sums of a shard, or of any part of it, in memory.
  package func sumBytes(of shard: Shard) -> Int {
    let tensor = tensors[shard.tensor]
    return 8 * tensor.statistics.pairArrays * PairIndex(tensor.copies.count).count
      + tensor.copies.count * MemoryLayout<Moments>.stride
  }

  /// Bytes of the submatrices of a shard in memory; its parts have them between them.
  package func sampleBytes(of shard: Shard) -> Int {
    sampleShapes(of: shard).reduce(0) { $0 + 4 * tensors[shard.tensor].copies.count * $1.count }
  }

  /// Of the coordinator's memory, in bytes.
  private static let partsShare = 2 << 30
  /// Enough that some workers can share the last shards, however many models there are.
  private static let leastParts = 4

  /// Bytes that the coordinator needs beside its program: the sums of one tensor at a time, as they come
  /// from the journal and added up (a small one and the next), the matrices of the lineage rules, and the sums of parts
  /// of shards.
  package var coordinatorBytes: Int { solvingBytes + partsBytes }

  /// What of it does not depend on how shards are shared.
  package var solvingBytes: Int {
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
