internal import Core
internal import Encodings
public import System

/// Weights as Float for those who need few of them: layer prints, factors of adapters, single submatrices.
extension StoredTensor {
  /// Reads the whole tensor, row-major; meant for small ones.
  public func values() throws(Failure) -> [Float] { try values(from: 0, count: shape.elements) }

  /// Reads a few of the numbers.
  ///
  /// - Throws: `Failure` when the file is cut off or cannot be read.
  public func values(from start: Int, count: Int) throws(Failure) -> [Float] {
    try values(from: start, count: count, in: WeightFile(path: file))
  }

  /// Single weights of the tensor, row-major: at the crossings of the given rows and columns of the matrix
  /// that the tensor counts as.
  ///
  /// Reads the span of columns of each row and nothing else.
  ///
  /// - Throws: `Failure` when the file cannot be read or is cut off.
  public func weights(rows: [Int], columns: [Int]) throws(Failure) -> [Float] {
    guard let first = columns.min(), let last = columns.max(), !rows.isEmpty else { return [] }
    precondition(first >= 0 && last < shape.columns && rows.allSatisfy { 0 <= $0 && $0 < shape.rows })
    let source = try WeightFile(path: file)
    var weights: [Float] = []
    weights.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let span = try values(from: row * shape.columns + first, count: last - first + 1, in: source)
      for column in columns { weights.append(span[column - first]) }
    }
    return weights
  }

  private func values(from start: Int, count: Int, in source: WeightFile) throws(Failure) -> [Float] {
    guard count > 0 else { return [] }
    let elements = encoding.blockElements
    let first = start / elements
    let blocks = (start + count - 1) / elements - first + 1
    let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: blocks * encoding.blockBytes, alignment: 16)
    defer { raw.deallocate() }
    try source.read(into: raw, at: offset + first * encoding.blockBytes, what: name)
    guard let bytes = raw.baseAddress else { return [] }
    let numbers = [Float](unsafeUninitializedCapacity: blocks * elements) { numbers, filled in
      guard let base = numbers.baseAddress else { return }
      encoding.decode(EncodedBlocks(bytes: bytes, count: blocks, first: first, columns: shape.columns), to: base)
      filled = blocks * elements
    }
    guard numbers.count != count else { return numbers }
    return Array(numbers[(start - first * elements)..<(start - first * elements + count)])
  }
}
