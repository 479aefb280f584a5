internal import Core
internal import Encodings
package import System

/// Weights as Float for those who need few of them: layer prints, factors of adapters, single submatrices.
extension StoredTensor {
  /// Reads the whole tensor, row-major; meant for small ones.
  package func values() throws(Failure) -> [Float] { try values(from: 0, count: shape.elements) }

  /// Reads a few of the numbers.
  ///
  /// - Throws: `Failure` when a file is cut off or cannot be read.
  package func values(from start: Int, count: Int) throws(Failure) -> [Float] {
    let files = OpenFiles(what: name)
    return try values(from: start, count: count, SegmentReader(), files)
  }

  /// Single weights of the tensor, row-major: at the crossings of the given rows and columns of the matrix
  /// that the tensor counts as.
  ///
  /// Reads the span of columns of each row and nothing else.
  ///
  /// - Throws: `Failure` when a file cannot be read or is cut off.
  package func weights(rows: [Int], columns: [Int]) throws(Failure) -> [Float] {
    guard let first = columns.min(), let last = columns.max(), !rows.isEmpty else { return [] }
    precondition(first >= 0 && last < shape.columns && rows.allSatisfy { 0 <= $0 && $0 < shape.rows })
    let (reader, files) = (SegmentReader(), OpenFiles(what: name))
    var weights: [Float] = []
    weights.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let span = try values(from: row * shape.columns + first, count: last - first + 1, reader, files)
      for column in columns { weights.append(span[column - first]) }
    }
    return weights
  }

  /// Reads the whole tensor once, piece by piece, row-major.
  ///
  /// - Parameters:
  ///   - most: numbers of a piece. Matrices that are stored turned are read in strips of stored rows, so that larger
  ///     pieces make fewer reads.
  ///   - body: the place of the first number, and the numbers, which are gone afterwards.
  /// - Throws: `Failure` when a file is cut off or cannot be read.
  package func eachPiece(
    ofAtMost most: Int, _ body: (_ start: Int, _ numbers: UnsafeBufferPointer<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    guard shape.elements > 0, most > 0 else { return }
    let (reader, files) = (SegmentReader(), OpenFiles(what: name))
    let numbers = UnsafeMutablePointer<Float>.allocate(capacity: min(most, shape.elements))
    defer { numbers.deallocate() }
    for start in stride(from: 0, to: shape.elements, by: most) {
      let count = min(most, shape.elements - start)
      _ = try reader.read(self, start..<start + count, as: .f32, into: numbers, reading: files.read)
      try body(start, UnsafeBufferPointer(start: numbers, count: count))
    }
  }

  private func values(from start: Int, count: Int, _ reader: SegmentReader, _ files: OpenFiles)
    throws(Failure) -> [Float]
  {
    guard count > 0 else { return [] }
    let numbers = UnsafeMutablePointer<Float>.allocate(capacity: count)
    defer { numbers.deallocate() }
    _ = try reader.read(self, start..<start + count, as: .f32, into: numbers, reading: files.read)
    return Array(UnsafeBufferPointer(start: numbers, count: count))
  }
}

/// The files of one tensor, each opened once.
final class OpenFiles {
  private let what: String
  private var files: [ByteString: WeightFile] = [:]

  init(what: String) { self.what = what }

  func read(_ file: String, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) -> Bool {
    let key = ByteString(file)
    let open: WeightFile
    if let known = files[key] { open = known } else { open = try WeightFile(path: file) }
    files[key] = open
    try open.read(into: buffer, at: offset, what: what)
    return true
  }
}
