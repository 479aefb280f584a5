internal import Core
internal import Storage
internal import System
internal import Wire

/// One shard as it lies in the files, and how it is cut to fit the memory.
struct ShardLayout: Sendable {
  let slices: [Slice]
  /// What each model's rows consist of in memory.
  let types: [ElementType]
  /// `Encoding.collinearity` of each model.
  let collinearity: [Double]
  let coordinates: Int
  /// Where each piece ends.
  let pieceEnds: [Int]
  let blockCoordinates: Int
  /// What the blocks may take together, in bytes.
  let bufferBytes: Int

  /// - Parameters:
  ///   - stores: model stores by model number.
  ///   - memoryBytes: for blocks and sums.
  /// - Throws: `Failure` naming file and tensor, or the memory that is needed.
  init(
    _ assignment: CoordinatorMessage.Assignment, stores: [String], library: StoreCache,
    memoryBytes: Int
  ) throws(Failure) {
    let found = try Self.locate(assignment, stores, library)
    types = found.map(\.tensor.elementType)
    collinearity = found.map(\.tensor.collinearity)
    let part = assignment.computed
    coordinates = assignment.coordinates.count
    let columns = assignment.shape.columns
    pieceEnds = part.ends(in: assignment.start..<assignment.end, columns: columns)
    let kept =
      ShardGeometry.keptBytes(
        models: types.count, shape: assignment.shape, samples: assignment.samples,
        spectrum: assignment.spectrum, sketch: assignment.sketch) + (found.map(\.tensor.readingBytes).max() ?? 0)
    let room =
      memoryBytes
      - ShardGeometry.workingBytes(
        models: types.count, columns: columns, statistics: assignment.statistics, kept: kept, pieces: part.count)
    let quantum = ShardGeometry.quantum(columns: columns, statistics: assignment.statistics)
    let perCoordinate = types.reduce(0) { $0 + $1.bytes }
    let limit = room / ShardGeometry.buffers
    let quanta = min(limit, ShardGeometry.blockBytes(models: types.count)) / (perCoordinate * quantum)
    guard quanta >= 1 || limit >= perCoordinate * quantum else {
      let needed = ShardGeometry.minimumBytes(
        models: types.count, bytesPerCoordinate: perCoordinate, columns: columns,
        statistics: assignment.statistics, kept: kept, pieces: part.count)
      throw Failure(
        .usage,
        "\(types.count) models need at least \(ByteCount(bytes: needed)) per thread, this worker has \(ByteCount(bytes: memoryBytes))",
        advice: "give --memory more, or fewer --threads")
    }
    blockCoordinates = min(max(1, quanta) * quantum, coordinates)
    // What the blocks leave goes to panels of those that would be read in narrow strips.
    let turned = found.indices.filter { found[$0].tensor.recipe.isTurned }
    let left = max(0, room - ShardGeometry.buffers * perCoordinate * blockCoordinates) / max(1, turned.count)
    var panels = Array(repeating: 0, count: found.count)
    for index in turned {
      let rows = min(left / types[index].bytes, coordinates) / max(1, columns)
      panels[index] = rows * columns > blockCoordinates ? rows * columns : 0
    }
    bufferBytes = room - zip(panels, types).reduce(0) { $0 + $1.0 * $1.1.bytes }
    slices = zip(found, panels).map { found, panel in
      Slice(
        tensor: found.tensor, type: found.tensor.elementType, start: assignment.coordinates.lowerBound,
        sources: found.sources,
        panelCoordinates: panel)
    }
  }

  private struct Found {
    let model: Int
    let tensor: StoredTensor
    let sources: [ByteString: WeightSource]
  }

  private static func locate(
    _ assignment: CoordinatorMessage.Assignment, _ stores: [String], _ library: StoreCache
  ) throws(Failure) -> [Found] {
    if let flaw = assignment.flaw {
      throw Failure(.unclassified, "shard \(assignment.shard) cannot be computed: \(flaw)")
    }
    var found: [Found] = []
    for source in assignment.sources {
      if let stranger = source.models.first(where: { !stores.indices.contains($0) }) {
        throw Failure(
          .unclassified, "shard \(assignment.shard) names model \(stranger) of \(stores.count)")
      }
      let places = try library.locate(source.tensor, in: source.models.map { stores[$0] })
      for (model, (tensor, sources)) in zip(source.models, places) {
        guard let part = tensor.part(from: assignment.firstRow, shape: assignment.shape) else {
          let rows = assignment.firstRow > 0 ? " from row \(assignment.firstRow) on" : ""
          throw .badInput(
            "'\(stores[model].printable)': '\(source.tensor.printable)' has the shape \(tensor.shape), the plan says \(assignment.shape)\(rows)",
            advice: "the store was replaced during the run; start the run again")
        }
        found.append(Found(model: model, tensor: part, sources: sources))
      }
    }
    found.sort { $0.model < $1.model }
    return found
  }
}
