internal import CKernels
internal import Core
internal import Encodings

/// Sketches the weights of one shard while they pass by; see `SketchMap`.
///
/// Sums are kept in double; each column of a folded row, and each row of the sketch, is added up in
/// the order of the coordinates, so the bits do not depend on how the shard was cut into blocks.
final class Sketcher {
  private let types: [ElementType]
  private let map: SketchMap
  private var position: Int
  /// Per model the row under way: copies x columns of the sketch.
  private let folded: UnsafeMutableBufferPointer<Double>
  /// models x rows x columns of the sketch.
  private let sums: UnsafeMutableBufferPointer<Double>
  private let widened: UnsafeMutableBufferPointer<Float>

  /// Weights that are widened at a time.
  private static let length = 4096

  /// - Parameter start: coordinate of the tensor at which the shard starts.
  init(types: [ElementType], map: SketchMap, start: Int) {
    self.types = types
    self.map = map
    position = start
    folded = .allocate(capacity: types.count * map.columnCopies * map.shape.columns)
    sums = .allocate(capacity: types.count * map.shape.count)
    widened = .allocate(capacity: Self.length)
    folded.initialize(repeating: 0)
    sums.initialize(repeating: 0)
  }

  deinit {
    folded.deallocate()
    sums.deallocate()
    widened.deallocate()
  }

  /// The sums so far, rounded to floats: as precise as the weights, and half as long.
  var sketch: Sketch {
    Sketch(shape: map.shape, values: sums.map { Double(Float($0 * map.scale)) })
  }

  func add(rows: [UnsafeRawPointer], count: Int) {
    for model in types.indices {
      var done = 0
      while done < count {
        let column = (position + done) % map.columns
        let length = min(count - done, map.columns - column, Self.length)
        let weights = rows[model] + done * types[model].bytes
        fold(weights, types[model], column..<column + length, model)
        if column + length == map.columns { endRow((position + done) / map.columns, model) }
        done += length
      }
    }
    position += count
  }

  private func fold(_ weights: UnsafeRawPointer, _ type: ElementType, _ part: Range<Int>, _ model: Int) {
    if type == .f64 { return fold(weights.assumingMemoryBound(to: Double.self), part, model) }
    if type == .f32 { return fold(weights.assumingMemoryBound(to: Float.self), part, model) }
    guard let base = widened.baseAddress else { return }
    mt_decode(type.storage, weights, base, part.count)
    fold(UnsafePointer(base), part, model)
  }

  private func fold<Real: Lane>(_ weights: UnsafePointer<Real>, _ part: Range<Int>, _ model: Int) {
    let width = map.shape.columns
    map.signs.withUnsafeBufferPointer { signs in
      guard let signs = signs.baseAddress, let folded = folded.baseAddress else { return }
      for copy in 0..<map.columnCopies {
        let line = folded + (model * map.columnCopies + copy) * width
        map.eachStretch(part, copy: copy) { column, target, count in
          Real.fold(
            weights + (column - part.lowerBound), signs + copy * map.columns + column, line + target,
            count)
        }
      }
    }
  }

  /// Adds the folded row to the rows of the sketch that it goes to, and starts the next.
  private func endRow(_ row: Int, _ model: Int) {
    guard let folded = folded.baseAddress, let sums = sums.baseAddress else { return }
    let width = map.shape.columns
    let line = folded + model * map.columnCopies * width
    for copy in 1..<max(2, map.columnCopies) where copy < map.columnCopies {
      for t in 0..<width { line[t] += line[copy * width + t] }
    }
    let own = sums + model * map.shape.count
    map.eachPlace(ofRow: row) { target, sign in
      let to = own + target * width
      for t in 0..<width { to[t] += sign * line[t] }
    }
    for t in 0..<map.columnCopies * width { line[t] = 0 }
  }
}
