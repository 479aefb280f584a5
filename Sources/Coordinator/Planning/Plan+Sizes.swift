internal import Core
internal import Import

extension Plan {
  /// Weights that the run reads, each once, in bytes.
  public var bytes: Int { tensors.reduce(0) { $0 + $1.bytes } }

  /// Weights of all models, compared or not, in bytes.
  public var storedBytes: Int { models.reduce(0) { $0 + $1.bytes } }

  /// Pairs times coordinates: the work of the kernels.
  public var pairCoordinates: Double {
    tensors.reduce(0) {
      $0 + Double(PairIndex($1.copies.count).count) * Double($1.shape.elements)
    }
  }

  /// Bytes below which a worker's thread cannot compute some shard.
  public var minimumWorkerBytes: Int {
    tensors.map {
      ShardGeometry.minimumBytes(
        models: $0.copies.count, bytesPerCoordinate: $0.bytesPerCoordinate,
        columns: $0.shape.columns, statistics: $0.statistics,
        kept: ShardGeometry.keptBytes(
          models: $0.copies.count, samples: $0.samples, spectrum: $0.spectrum,
          columns: $0.shape.columns, sketch: $0.sketch))
    }.max() ?? 0
  }

  /// Bytes of sums that the coordinator holds when all partials are gathered.
  public var gatheredBytes: Int {
    tensors.reduce(0) {
      $0 + 8 * $1.statistics.pairArrays * PairIndex($1.copies.count).count
        + $1.copies.count * MemoryLayout<Moments>.stride
    }
  }

  /// Seconds that the run takes at the given rates, reading and computing overlapped.
  ///
  /// - Parameters:
  ///   - workers: processes or threads that compute at the same time.
  ///   - bytesPerSecond: of the disk, all workers together.
  ///   - pairsPerSecond: pair-coordinates per second and worker.
  public func seconds(workers: Int, bytesPerSecond: Double, pairsPerSecond: Double) -> Double {
    max(Double(bytes) / bytesPerSecond, pairCoordinates / (Double(workers) * pairsPerSecond))
  }
}
