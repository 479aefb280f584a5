internal import Alignment
internal import Checkpoints
internal import Core
internal import Naming
internal import Spectra
internal import Storage
internal import System

/// The weights of a transformer, read one tensor at a time.
struct NetworkWeights {
  let model: ModelRecord
  let layout: NetworkLayout
  /// In the order of the model's tensors.
  let tensors: [CanonicalTensor]
  /// Canonical.
  let names: [String]

  /// - Returns: nil for what is not a transformer whose every tensor is understood.
  init?(_ model: ModelRecord, _ map: AlignmentMap) {
    guard let layout = NetworkLayout(model, map) else { return nil }
    self.model = model
    self.layout = layout
    tensors = map.tensors
    names = map.tensors.map(\.name)
  }

  /// - Returns: nil where the model has no such tensor.
  func matrix(_ role: NetworkRole, _ layer: Int? = nil) throws(Failure) -> Matrix? {
    guard let number = layout.number(role, layer) else { return nil }
    return try matrix(number)
  }

  /// A tensor with its last extent as columns.
  func matrix(_ number: Int) throws(Failure) -> Matrix {
    let tensor = model.tensors[number]
    let columns = max(1, tensor.shape.extents.last ?? 1)
    return Matrix(rows: tensor.shape.elements / columns, columns: columns, try tensor.values().map(Double.init))
  }

  func vector(_ role: NetworkRole, _ layer: Int? = nil, isBias: Bool = false) throws(Failure) -> [Double]? {
    guard let number = layout.number(role, layer, isBias: isBias) else { return nil }
    return try model.tensors[number].values().map(Double.init)
  }

  /// What a norm multiplies each coordinate by; nil for a model without that norm.
  func gains(_ norm: NetworkRole, _ layer: Int? = nil) throws(Failure) -> [Double]? {
    try vector(norm, layer)?.map { $0 + layout.gainOffset }
  }

  /// A map that reads what a norm puts out, with the gains of the norm in it.
  func folded(_ role: NetworkRole, _ layer: Int?, after norm: NetworkRole) throws(Failure) -> Matrix? {
    guard let map = try matrix(role, layer) else { return nil }
    guard let gains = try gains(norm, norm == .lastNorm ? nil : layer) else { return map }
    return map.scalingColumns(by: gains)
  }

  /// Some rows of a tensor whose columns are coordinates of the residual stream.
  func rows(_ number: Int, _ chosen: [Int]) throws(Failure) -> Matrix {
    let tensor = model.tensors[number]
    let columns = tensor.shape.extents.last ?? 1
    var numbers: [Double] = []
    numbers.reserveCapacity(chosen.count * columns)
    // Neighbors are read in one piece.
    var start = 0
    while start < chosen.count {
      var end = start + 1
      while end < chosen.count, chosen[end] == chosen[end - 1] + 1 { end += 1 }
      numbers += try tensor.values(from: chosen[start] * columns, count: (end - start) * columns).map(Double.init)
      start = end
    }
    return Matrix(rows: chosen.count, columns: columns, numbers)
  }

  /// The cut of pictures as rows in the coordinates of the residual stream.
  func patches() throws(Failure) -> Matrix? {
    guard let number = layout.number(.patches) else { return nil }
    let tensor = model.tensors[number]
    let rows = layout.width
    return Matrix(rows: rows, columns: tensor.shape.elements / rows, try tensor.values().map(Double.init)).transposed
  }
}
