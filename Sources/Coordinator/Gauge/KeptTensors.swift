internal import Checkpoints
internal import Core
internal import Naming
internal import Spectra
internal import Storage
internal import System

/// What a narrower model has kept of each tensor of a wider one: some of its rows and columns, no arithmetic.
struct KeptTensors {
  private let own: NetworkWeights
  private let other: NetworkWeights
  private let map: WidthMap
  /// Places among the tensors of the wider model, of those of which something is kept; in its order.
  let numbers: [Int]
  /// Of each of them.
  let shapes: [TensorShape]

  /// Rows and columns of a tensor with its last extent as columns; nil: all.
  private struct Cut {
    var rows: [Int]?
    var columns: [Int]?
  }

  /// - Parameters:
  ///   - own: the narrower model.
  ///   - other: the wider model.
  init(_ own: NetworkWeights, of other: NetworkWeights, by map: WidthMap) {
    self.own = own
    self.other = other
    self.map = map
    let places = Dictionary(own.names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [(number: Int, shape: TensorShape)] = []
    for (number, tensor) in other.tensors.enumerated() {
      guard let tensor = Self.renumbered(tensor, map), let match = places[tensor.name],
        let shape = Self.shape(number, match, own, other, map)
      else { continue }
      found.append((number, shape))
    }
    numbers = found.map(\.number)
    shapes = found.map(\.shape)
  }

  /// A tensor of the wider model by the layer that it has in the narrower; nil where that was left out.
  static func renumbered(_ tensor: CanonicalTensor, _ map: WidthMap) -> CanonicalTensor? {
    guard let layer = tensor.layer, layer.copy == 0 else { return tensor }
    var tensor = tensor
    guard let own = map.layer(layer.number) else { return nil }
    tensor.layer = CanonicalLayer(own)
    return tensor
  }

  /// - Parameter place: among `numbers`.
  /// - Returns: row-major.
  func values(_ place: Int) throws(Failure) -> [Float] {
    let number = numbers[place]
    let shape = other.model.tensors[number].shape
    let numbers = try other.model.tensors[number].values()
    let cut = Self.cut(number, own, other, map)
    let width = Self.columns(shape, other.layout.places[number])
    let rows = cut.rows ?? Array(0..<numbers.count / width)
    let columns = cut.columns
    var kept: [Float] = []
    kept.reserveCapacity(shapes[place].elements)
    for row in rows {
      let start = row * width
      if let columns {
        for column in columns { kept.append(numbers[start + column]) }
      } else {
        kept += numbers[start..<start + width]
      }
    }
    return kept
  }

  /// The shape of what is kept; nil where that is not the shape of the narrower model's tensor. Tables and heads may
  /// differ in their number of rows.
  private static func shape(
    _ number: Int, _ match: Int, _ own: NetworkWeights, _ other: NetworkWeights, _ map: WidthMap
  ) -> TensorShape? {
    let place = other.layout.places[number]
    let mine = own.layout.places[match]
    guard mine.role == place.role, mine.isBias == place.isBias else { return nil }
    let (shape, wanted) = (other.model.tensors[number].shape, own.model.tensors[match].shape)
    let cut = cut(number, own, other, map)
    var extents = shape.extents
    if let rows = cut.rows, !extents.isEmpty { extents[0] = rows.count }
    if let columns = cut.columns, !extents.isEmpty { extents[extents.count - 1] = columns.count }
    guard extents.count == wanted.extents.count else { return nil }
    let mayDiffer = (place.role == .table || place.role == .head) && extents.count > 0
    guard extents.dropFirst(mayDiffer ? 1 : 0) == wanted.extents.dropFirst(mayDiffer ? 1 : 0) else { return nil }
    return TensorShape(extents)
  }

  /// Weights of a row. The cut into patches has one row for each coordinate of the residual stream, and a vector one number.
  private static func columns(_ shape: TensorShape, _ place: NetworkLayout.Place) -> Int {
    if place.role == .patches { return max(1, shape.elements / max(1, shape.extents.first ?? 1)) }
    if shape.rank < 2 { return place.role == .table ? shape.elements : 1 }
    return max(1, shape.extents.last ?? 1)
  }

  private static func cut(_ number: Int, _ own: NetworkWeights, _ other: NetworkWeights, _ map: WidthMap) -> Cut {
    let place = other.layout.places[number]
    let hidden = own.layout.width < other.layout.width || map.hidden != Array(map.hidden.indices) ? map.hidden : nil
    let layer = place.layer.flatMap { map.layer($0) }.flatMap { map.layers[$0] }
    func cut(_ rows: [Int]?, _ columns: [Int]?) -> Cut { Cut(rows: rows, columns: place.isBias ? nil : columns) }
    switch place.role {
    case .table: return Cut(rows: nil, columns: hidden)
    case .head:
      // A map into the residual stream's own width, such as a pooler.
      let rows = other.model.tensors[number].shape.extents.first
      return cut(rows == other.layout.width && isSquare(number, own, other) ? hidden : nil, hidden)
    case .patches, .vector, .lastNorm, .attentionNorm, .mlpNorm: return Cut(rows: hidden, columns: nil)
    case .inner: return cut(hidden, hidden)
    case .query: return cut(layer?.queries, hidden)
    case .key: return cut(layer?.keys, hidden)
    case .value: return cut(layer?.values, hidden)
    case .output: return cut(hidden, layer?.outputs)
    case .gate, .up: return cut(layer?.units, hidden)
    case .down: return cut(hidden, layer?.units)
    case .headNorm, .apart: return Cut(rows: nil, columns: nil)
    }
  }

  /// Has the narrower model's tensor as many rows as its residual stream has coordinates?
  private static func isSquare(_ number: Int, _ own: NetworkWeights, _ other: NetworkWeights) -> Bool {
    own.names.firstIndex(of: other.names[number]).map {
      own.model.tensors[$0].shape.extents.first == own.layout.width
    } ?? false
  }
}
