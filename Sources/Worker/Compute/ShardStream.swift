package import Core
internal import Kernels
package import System
package import Wire

/// Shards in, partials out: one reading thread runs ahead, the calling thread computes.
package final class ShardStream {
  /// A shard to compute.
  package struct Job: Sendable {
    package let assignment: CoordinatorMessage.Assignment
    /// Model stores by model number.
    package let stores: [String]
    /// Asked between blocks.
    package let isCancelled: @Sendable () -> Bool
    /// The caller's own.
    package let tag: Int

    package init(
      _ assignment: CoordinatorMessage.Assignment, stores: [String], tag: Int = 0,
      isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
      self.assignment = assignment
      self.stores = stores
      self.tag = tag
      self.isCancelled = isCancelled
    }
  }

  /// What became of a shard.
  package enum Outcome: Sendable {
    case computed(Partial, bytesRead: Int)
    /// `Failure` names file and tensor.
    case failed(Failure)
    case cancelled
  }

  private struct Located: Sendable {
    let job: Job
    let types: [ElementType]
    let collinearity: [Double]
  }

  private let reader: BlockReader<Located>
  private var accumulator: ShardAccumulator?
  private var bytesRead = 0

  /// - Parameters:
  ///   - library: opens the stores that shards name.
  ///   - memoryBytes: what blocks and sums may take together.
  ///   - limit: how fast files may be read, shared with other streams; nil: as fast as they come.
  ///   - next: the next shard, nil for the end; called on the reading thread, may wait.
  ///   - onRead: told the bytes of every read, on the reading thread.
  package init(
    library: StoreCache, memoryBytes: Int, limit: ReadLimit? = nil,
    next: @escaping @Sendable () -> Job?, onRead: @escaping @Sendable (Int) -> Void
  ) {
    reader = BlockReader(
      limit: limit,
      next: {
        guard let job = next() else { return nil }
        do throws(Failure) {
          let layout = try ShardLayout(
            job.assignment, stores: job.stores, library: library, memoryBytes: memoryBytes)
          let reading = Reading(
            slices: layout.slices, coordinates: layout.coordinates, pieceEnds: layout.pieceEnds,
            blockCoordinates: layout.blockCoordinates, bufferBytes: layout.bufferBytes,
            isCancelled: job.isCancelled)
          return (Located(job: job, types: layout.types, collinearity: layout.collinearity), .success(reading))
        } catch {
          return (Located(job: job, types: [], collinearity: []), .failure(error))
        }
      },
      onRead: onRead)
  }

  /// The kernels' instruction set, for the worker's hello.
  package static var instructionSet: String { ShardAccumulator.instructionSet }

  /// Computes the next shard; nil when there are no more.
  package func next() -> (Job, Outcome)? {
    while true {
      switch reader.take() {
      case .end: return nil
      case .failed(let located, let failure):
        accumulator = nil
        return (located.job, .failed(failure))
      case .cancelled(let located):
        accumulator = nil
        return (located.job, .cancelled)
      case .block(let located, let slot, let count, let bytes, let endsPiece, let isLast):
        if accumulator == nil { bytesRead = 0 }
        let current = accumulator ?? Self.accumulator(located)
        bytesRead += bytes
        accumulator = isLast ? nil : current
        // What nobody waits for any more is passed over; the reader then says so too, unless it
        // was through with the shard.
        let isCancelled = located.job.isCancelled()
        if !isCancelled {
          current.add(rows: reader.rows(of: slot), count: count)
          if endsPiece { current.endPiece() }
        }
        reader.release(slot)
        guard isLast else { continue }
        return (
          located.job,
          isCancelled ? .cancelled : .computed(current.partial, bytesRead: bytesRead)
        )
      }
    }
  }

  private static func accumulator(_ located: Located) -> ShardAccumulator {
    let assignment = located.job.assignment
    let (shard, columns) = (assignment.start..<assignment.end, assignment.shape.columns)
    let samples = SampleGrid.places(columns: columns, coordinates: shard, count: assignment.samples)
    return ShardAccumulator(
      types: located.types, collinearity: located.collinearity, columns: columns, statistics: assignment.statistics,
      samples: assignment.computed.isWhole
        ? samples : samples.map { $0.within(assignment.coordinates, columns: columns) },
      spectrum: assignment.computed.first > 0
        ? nil
        : SpectrumGrid.place(
          columns: columns, coordinates: assignment.computed.firstPiece.coordinates(in: shard, columns: columns),
          side: assignment.spectrum),
      sketch: assignment.sketch.map { SketchMap(tensor: assignment.shape, shape: $0) },
      start: assignment.coordinates.lowerBound)
  }
}
