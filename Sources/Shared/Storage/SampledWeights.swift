internal import Core
public import System

extension StoredTensor {
  /// Single weights of the tensor, rounded to Float, row-major: at the crossings of the given rows and
  /// columns of the matrix that the tensor counts as.
  ///
  /// Reads the span of columns of each row and nothing else.
  ///
  /// - Throws: `Failure` when the file cannot be read or is cut off.
  public func weights(rows: [Int], columns: [Int]) throws(Failure) -> [Float] {
    guard let first = columns.min(), let last = columns.max(), !rows.isEmpty else { return [] }
    precondition(first >= 0 && last < shape.columns && rows.allSatisfy { 0 <= $0 && $0 < shape.rows })
    let source = try WeightFile(path: file)
    let span = (last - first + 1) * type.bytes
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: span, alignment: 8)
    defer { bytes.deallocate() }
    var weights: [Float] = []
    weights.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let start = offset + (row * shape.columns + first) * type.bytes
      try source.read(into: bytes, at: start, what: name)
      for column in columns {
        weights.append(type.value(UnsafeRawBufferPointer(bytes), at: (column - first) * type.bytes))
      }
    }
    return weights
  }
}

extension ElementType {
  /// The weight whose little-endian bytes start at `place`, rounded to Float.
  fileprivate func value(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Float {
    var bits: UInt64 = 0
    for index in (0..<self.bytes).reversed() { bits = bits << 8 | UInt64(bytes[place + index]) }
    return switch self {
    case .f64: Float(Double(bitPattern: bits))
    case .f32: Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    case .f16: Float(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
    case .bf16: Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16)
    }
  }
}
