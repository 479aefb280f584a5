internal import Core
internal import Storage
internal import System

/// Finds weights that were never written: programs that download reserve the whole length of a file first, and what they
/// did not get to is zeros from some byte to the end.
enum ZeroTail {
  /// Bytes that are read at a time.
  private static let pieceBytes = 1 << 20
  /// Share of a file's weights from which on zeros at its end are no layer that was initialized with zeros.
  private static let leastShare = 0.05
  /// Fewer zeros than that are no block that was not written.
  private static let leastZeros = 4096
  /// A tensor that reaches into the zeros by no more than that ends in zeros of its own.
  private static let leastBytes = 64

  /// Removes the tensors that lie in such an end, wholly or in part.
  ///
  /// - Parameter tensors: of one model.
  /// - Returns: what to say of each file.
  /// - Throws: `Failure` (bad input) when a file cannot be read.
  static func remove(from tensors: inout [StoredTensor]) throws(Failure) -> [String] {
    var extents: [String: Range<Int>] = [:]
    var files: [String] = []
    for array in tensors.flatMap(\.arrays) where array.bytes > 0 {
      let own = array.offset..<array.offset + array.bytes
      if let known = extents[array.file] {
        extents[array.file] = min(known.lowerBound, own.lowerBound)..<max(known.upperBound, own.upperBound)
      } else {
        files.append(array.file)
        extents[array.file] = own
      }
    }
    var notes: [String] = []
    for file in files {
      guard let extent = extents[file] else { continue }
      let start = try firstZero(in: extent, of: file)
      let zeros = extent.upperBound - start
      guard zeros >= leastZeros, Double(zeros) >= leastShare * Double(extent.count) else { continue }
      func isIn(_ tensor: StoredTensor) -> Bool {
        tensor.arrays.contains { array in
          let end = array.offset + array.bytes
          return array.file.utf8.elementsEqual(file.utf8)
            && (array.offset >= start || end - start >= leastBytes && end > start)
        }
      }
      let unwritten = tensors.filter(isIn)
      guard unwritten.contains(where: { $0.shape.rank >= 2 }) else { continue }
      let all = tensors.count { $0.files.contains { $0.utf8.elementsEqual(file.utf8) } }
      let name = file.split(separator: "/").last.map(String.init) ?? file
      notes.append(
        "\(unwritten.count) of \(counted(all, "tensor")) of '\(name.printable)' lie where the file holds zeros alone to its end: an unfinished download? They are left out"
      )
      tensors.removeAll(where: isIn)
    }
    return notes
  }

  /// The first of the zeros that an extent ends in; its end where the last byte is another.
  private static func firstZero(in extent: Range<Int>, of path: String) throws(Failure) -> Int {
    let file = try WeightFile(path: path)
    // Most files end otherwise, and little is read of them.
    var size = min(4096, extent.count)
    var end = extent.upperBound
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 8)
    defer { buffer.deallocate() }
    while end > extent.lowerBound {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, end - extent.lowerBound)])
      try file.read(into: piece, at: end - piece.count, what: "weights")
      if let last = piece.lastIndex(where: { $0 != 0 }) { return end - piece.count + last + 1 }
      end -= piece.count
      size = pieceBytes
    }
    return extent.lowerBound
  }
}
