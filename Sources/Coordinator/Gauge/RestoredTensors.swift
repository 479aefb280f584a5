internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// Computes the tensors of a model in the coordinates of another.
struct RestoredTensors {
  private let own: NetworkWeights
  /// Whose coordinates these are.
  private let other: NetworkWeights
  private let gauge: Gauge

  init(_ own: NetworkWeights, to other: NetworkWeights, by gauge: Gauge) {
    self.own = own
    self.other = other
    self.gauge = gauge
  }

  /// - Returns: the numbers of a tensor, row-major.
  func values(_ number: Int) throws(Failure) -> [Float] {
    let numbers = try doubles(number).map { Float($0) }
    guard own.layout.places[number] == NetworkLayout.Place(role: .head), let table = try repeatedTable(number, numbers)
    else { return numbers }
    return table
  }

  /// The table of tokens, where a head repeats it: a tied head is written out when gains are folded into it.
  private func repeatedTable(_ number: Int, _ head: [Float]) throws(Failure) -> [Float]? {
    guard other.layout.number(.head) == nil, let table = own.layout.number(.table),
      own.model.tensors[table].shape == own.model.tensors[number].shape
    else { return nil }
    let numbers = try doubles(table).map { Float($0) }
    let apart = zip(head, numbers).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let energy = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }
    let tolerance = RestoredTolerance.relative(rounding: own.model.rounding)
    return apart <= tolerance * tolerance * energy ? numbers : nil
  }

  private func doubles(_ number: Int) throws(Failure) -> [Double] {
    let place = own.layout.places[number]
    let matrix = try own.matrix(number)
    let basis = gauge.basis
    switch (place.role, place.isBias) {
    case (.apart, _), (.headNorm, _): return matrix.values
    case (.table, _): return basis.rows(matrix).values
    case (.patches, false):
      let size = own.layout.width
      return basis.columns(Matrix(rows: size, columns: matrix.values.count / size, matrix.values)).values
    case (.inner, false): return basis.columns(basis.rows(matrix)).values
    case (.patches, true), (.inner, true), (.output, true), (.down, true), (.vector, true):
      return basis.vector(matrix.values)
    case (.vector, false): return basis.gains(matrix.values) ?? matrix.values
    case (.lastNorm, _), (.attentionNorm, _), (.mlpNorm, _): return try norm(place, matrix.values)
    case (.output, false): return output(matrix, place).values
    case (.down, false): return down(matrix, place).values
    case (.head, true): return try bias(of: .head, place, matrix)
    case (.query, true), (.key, true), (.value, true), (.gate, true), (.up, true):
      return try bias(of: place.role, place, matrix)
    case (.head, false), (.query, false), (.key, false), (.value, false), (.gate, false), (.up, false):
      return inside(try reads(matrix, place), place).values
    }
  }

  private func norm(_ place: NetworkLayout.Place, _ numbers: [Double]) throws(Failure) -> [Double] {
    guard !isKept(place) else {
      return place.isBias ? gauge.basis.vector(numbers) : gauge.basis.gains(numbers) ?? numbers
    }
    return try other.vector(place.role, place.layer, isBias: place.isBias) ?? numbers
  }

  private func isKept(_ place: NetworkLayout.Place) -> Bool {
    gauge.keptNorms.contains(NetworkLayout.Place(role: place.role, layer: place.layer))
  }

  /// The norm whose output a map reads; nil where that has been changed by nothing that counts here.
  private func norm(before place: NetworkLayout.Place) -> NetworkLayout.Place? {
    guard own.layout.isBeforeMaps else { return nil }
    let norm: NetworkRole? =
      switch place.role {
      case .query, .key, .value: .attentionNorm
      case .gate, .up: .mlpNorm
      case .head: .lastNorm
      default: nil
      }
    return norm.map { NetworkLayout.Place(role: $0, layer: $0 == .lastNorm ? nil : place.layer) }
      .flatMap { own.layout.number($0.role, $0.layer) == nil ? nil : $0 }
  }

  /// The columns of a map that reads the residual stream.
  private func reads(_ matrix: Matrix, _ place: NetworkLayout.Place) throws(Failure) -> Matrix {
    guard let norm = norm(before: place), !isKept(norm),
      let mine = try own.gains(norm.role, norm.layer), let theirs = try other.gains(norm.role, norm.layer)
    else { return gauge.basis.rows(matrix) }
    return gauge.basis.rows(matrix.scalingColumns(by: mine)).scalingColumns(by: theirs.map { 1 / $0 })
  }

  /// The rows of a map into a head or a unit, one column or many.
  private func inside(_ matrix: Matrix, _ place: NetworkLayout.Place) -> Matrix {
    guard let layer = place.layer, let heads = gauge.heads[layer], let units = gauge.units[layer] else { return matrix }
    switch place.role {
    case .query:
      return heads.order.enumerated().map { head, source in
        heads.keys[head / own.layout.headsPerGroup].pairedRows(block(source, of: matrix))
      }.stacked
    case .key:
      return heads.groupOrder.enumerated().map { heads.keys[$0].rows(block($1, of: matrix)) }.stacked
    case .value:
      return heads.groupOrder.enumerated().map { heads.values[$0].rows(block($1, of: matrix)) }.stacked
    case .gate: return matrix.rows(units.order)
    case .up: return matrix.rows(units.order).scalingRows(by: units.factors)
    default: return matrix
    }
  }

  private func block(_ head: Int, of matrix: Matrix) -> Matrix {
    let size = own.layout.headSize
    return matrix.rows(head * size..<(head + 1) * size)
  }

  private func output(_ matrix: Matrix, _ place: NetworkLayout.Place) -> Matrix {
    let turned = matrix.transposed
    guard let layer = place.layer, let heads = gauge.heads[layer] else { return matrix }
    let parts = heads.order.enumerated().map { head, source in
      heads.values[head / own.layout.headsPerGroup].pairedRows(block(source, of: turned))
    }
    return gauge.basis.columns(parts.stacked.transposed)
  }

  private func down(_ matrix: Matrix, _ place: NetworkLayout.Place) -> Matrix {
    guard let layer = place.layer, let units = gauge.units[layer] else { return matrix }
    return gauge.basis.columns(matrix.columns(units.order).scalingColumns(by: units.factors.map { 1 / $0 }))
  }

  /// What a norm adds goes with its gains: W (b) into the bias of the map that reads it, and the other's out of it.
  private func bias(of role: NetworkRole, _ place: NetworkLayout.Place, _ numbers: Matrix) throws(Failure) -> [Double] {
    var column = Matrix(rows: numbers.values.count, columns: 1, numbers.values)
    let weight = NetworkLayout.Place(role: role, layer: place.layer)
    guard let norm = norm(before: weight), !isKept(norm), let number = own.layout.number(role, place.layer) else {
      return inside(column, weight).values
    }
    let matrix = try own.matrix(number)
    if let mine = try own.vector(norm.role, norm.layer, isBias: true), matrix.rows == column.rows {
      column = column.adding(matrix.times(Matrix(rows: mine.count, columns: 1, mine)))
    }
    column = inside(column, weight)
    if let theirs = try other.vector(norm.role, norm.layer, isBias: true), matrix.rows == column.rows {
      let restored = inside(try reads(matrix, weight), weight)
      column = column.adding(restored.times(Matrix(rows: theirs.count, columns: 1, theirs)).scaled(by: -1))
    }
    return column.values
  }
}
