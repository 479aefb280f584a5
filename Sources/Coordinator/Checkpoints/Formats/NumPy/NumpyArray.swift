internal import Core
internal import Encodings
internal import Storage
internal import System

/// An array of NumPy as bytes: a type such as `<f4`, a shape, rows or columns first.
enum NumpyArray {
  /// - Parameter bytes: where they are in the file.
  /// - Throws: `Failure` (bad input) when the bytes are not as many as type and shape require.
  static func content(
    type: String, shape: TensorShape, isFortranOrdered: Bool, file: String, bytes: Range<Int>, name: String
  ) throws(Failure) -> CheckpointEntry.Content {
    guard shape.elements > 0 else { return .unread("it is empty") }
    guard let kind = Kind(type) else { return .unread("its type \(type.printable) is not one of numbers") }
    let (needed, isTooLarge) = shape.elements.multipliedReportingOverflow(by: kind.bytes)
    guard !isTooLarge, needed == bytes.count else {
      throw .badInput(
        "'\(file.printable)': array '\(name.printable)' has \(bytes.count) bytes, but \(shape) of \(type.printable) requires \(isTooLarge ? "more than can be counted" : "\(needed)")",
        advice: "the file is damaged; download or write it again")
    }
    guard kind.isLittleEndian else { return .unread("its numbers are big-endian") }
    guard let encoding = kind.encoding else { return .packed(StoredBytes(file: file, range: bytes)) }
    guard isFortranOrdered, shape.rank > 1 else {
      return .recipe(.stored(StoredArray(encoding: encoding, shape: shape, file: file, offset: bytes.lowerBound)))
    }
    var strides = [1]
    for extent in shape.extents.dropLast() { strides.append(strides[strides.count - 1] * extent) }
    let memory = StridedLayout.Memory(
      encoding: encoding, file: file, start: bytes.lowerBound, count: shape.elements)
    guard let recipe = StridedLayout.recipe(shape.extents, strides: strides, offset: 0, in: memory) else {
      return .unread("its elements lie in Fortran's order, which is read for up to three extents")
    }
    return .recipe(recipe)
  }

  /// An array protocol type string (NumPy, The array interface protocol).
  private struct Kind {
    let bytes: Int
    let isLittleEndian: Bool
    let encoding: Encoding?

    init?(_ type: String) {
      var rest = type[...]
      var order: Character = "|"
      if let first = rest.first, "<>=|".contains(first) {
        order = first
        rest = rest.dropFirst()
      }
      guard let letter = rest.popFirst(), let bytes = Int(rest), 1...32 ~= bytes, "fiucbV?".contains(letter) else {
        return nil
      }
      self.bytes = bytes
      isLittleEndian = order != ">" || bytes == 1
      encoding =
        switch (letter, bytes) {
        case ("f", 8): .f64
        case ("f", 4): .f32
        case ("f", 2): .f16
        default: nil
        }
    }
  }
}
