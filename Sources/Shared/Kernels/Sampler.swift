internal import Core

/// Picks the weights of the submatrices out of the blocks that pass by.
final class Sampler {
  private let types: [ElementType]
  private let columns: Int
  private let places: [SampleGrid.Place]
  private var position: Int
  private(set) var blocks: [SampleBlock]

  init(types: [ElementType], columns: Int, places: [SampleGrid.Place], start: Int) {
    self.types = types
    self.columns = columns
    self.places = places
    position = start
    blocks = places.map { SampleBlock(shape: $0.shape, models: types.count) }
  }

  func add(rows: [UnsafeRawPointer], count: Int) {
    let range = position..<position + count
    position = range.upperBound
    for (index, place) in places.enumerated() {
      for (a, row) in place.rows.enumerated() {
        let line = row * columns
        guard line < range.upperBound, line + columns > range.lowerBound else { continue }
        for (b, column) in place.columns.enumerated() where range.contains(line + column) {
          let offset = line + column - range.lowerBound
          let target = a * place.columns.count + b
          for i in types.indices {
            blocks[index].values[i * place.shape.count + target] = Self.value(
              rows[i], types[i], offset)
          }
        }
      }
    }
  }

  private static func value(_ row: UnsafeRawPointer, _ type: ElementType, _ offset: Int) -> Float {
    if type == .f64 { return Float(row.load(fromByteOffset: 8 * offset, as: Double.self)) }
    var value: Float = 0
    Float.widen(row + offset * type.bytes, type, 1, into: &value)
    return value
  }
}
