public import Core
internal import Kernels
internal import Storage
public import Wire

/// Computes one shard: locates the slices, streams them, adds them up.
public struct ShardComputation: Sendable {
  private let library: StoreLibrary
  private let memoryBytes: Int

  /// - Parameter memoryBytes: what one computation may use for blocks and sums.
  public init(library: StoreLibrary, memoryBytes: Int) {
    self.library = library
    self.memoryBytes = memoryBytes
  }

  /// The kernels' instruction set, for the worker's hello.
  public static var instructionSet: String { ShardAccumulator.instructionSet }

  /// - Parameters:
  ///   - stores: model stores by model number.
  ///   - onRead: told the bytes of every read; called from any thread.
  ///   - isCancelled: asked between blocks.
  /// - Returns: the partial, or nil when cancelled.
  /// - Throws: `Failure` naming file and tensor.
  public func run(
    _ assignment: CoordinatorMessage.Assignment, stores: [String],
    onRead: @escaping @Sendable (Int) -> Void, isCancelled: () -> Bool
  ) throws(Failure) -> Partial? {
    let (slices, types) = try locate(assignment, stores)
    let count = assignment.end - assignment.start
    let columns = assignment.shape.columns
    let accumulator = ShardAccumulator(
      types: types, columns: columns, statistics: assignment.statistics)
    let block = try blockCoordinates(assignment, types, quantum: accumulator.quantum)
    let stream = BlockStream(
      slices: slices, coordinates: count, blockCoordinates: block, onRead: onRead)
    while try stream.next({ rows, count in accumulator.add(rows: rows, count: count) }) {
      if isCancelled() { return nil }
    }
    return accumulator.partial
  }

  private func locate(_ assignment: CoordinatorMessage.Assignment, _ stores: [String])
    throws(Failure) -> ([Slice], [ElementType])
  {
    guard
      0 <= assignment.start, assignment.start < assignment.end,
      assignment.end <= assignment.shape.elements
    else {
      throw Failure(
        .unclassified,
        "shard \(assignment.shard) covers \(assignment.start)..<\(assignment.end) of a tensor of shape \(assignment.shape)")
    }
    var found: [(model: Int, slice: Slice, type: ElementType)] = []
    for source in assignment.sources {
      for model in source.models {
        guard stores.indices.contains(model) else {
          throw Failure(
            .unclassified, "shard \(assignment.shard) names model \(model) of \(stores.count)")
        }
        let (tensor, file) = try library.locate(source.tensor, in: stores[model])
        guard tensor.shape == assignment.shape else {
          throw .badInput(
            "'\(stores[model].printable)': '\(source.tensor.printable)' has the shape \(tensor.shape), the plan says \(assignment.shape)",
            advice: "the store was replaced during the run; start the run again")
        }
        let offset = tensor.offset + assignment.start * tensor.type.bytes
        let slice = Slice(
          tensor: tensor.name, file: file, offset: offset, elementBytes: tensor.type.bytes)
        found.append((model, slice, tensor.type))
      }
    }
    found.sort { $0.model < $1.model }
    return (found.map(\.slice), found.map(\.type))
  }

  private func blockCoordinates(
    _ assignment: CoordinatorMessage.Assignment, _ types: [ElementType], quantum: Int
  ) throws(Failure) -> Int {
    let columns = assignment.shape.columns
    let perCoordinate = types.reduce(0) { $0 + $1.bytes }
    let working = ShardGeometry.workingBytes(
      models: types.count, columns: columns, statistics: assignment.statistics)
    // Two buffers, see BlockStream.
    let quanta = (memoryBytes - working) / (2 * perCoordinate * quantum)
    guard quanta >= 1 else {
      let needed = ShardGeometry.minimumBytes(
        models: types.count, bytesPerCoordinate: perCoordinate, columns: columns,
        statistics: assignment.statistics)
      throw Failure(
        .usage,
        "\(types.count) models need at least \(ByteCount(bytes: needed)) per thread, this worker has \(ByteCount(bytes: memoryBytes))",
        advice: "give --memory more, or fewer --threads")
    }
    return quanta * quantum
  }
}
