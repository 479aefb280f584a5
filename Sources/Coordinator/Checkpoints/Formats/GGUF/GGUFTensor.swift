internal import Core
internal import Encodings
internal import Storage
internal import System

/// A tensor as the table of a GGUF file announces it.
struct GGUFTensor {
  let name: String
  let shape: TensorShape
  let type: GGUFType
  /// Of its first byte, from where the data starts.
  let offset: UInt64

  private static let longestName = 4096
  private static let mostExtents = 4

  /// Reads the next entry of the table.
  init(_ cursor: inout FileCursor) throws(Failure) {
    let length = try cursor.count()
    guard 1...Self.longestName ~= length else {
      throw cursor.bad("has a tensor whose name has \(length) bytes, expected 1 to \(Self.longestName)")
    }
    guard let name = String(validating: try cursor.bytes(length), as: UTF8.self), !name.utf8.contains(0) else {
      throw cursor.bad("has a tensor whose name is not UTF-8 text")
    }
    let rank = try cursor.number(UInt32.self)
    guard rank <= Self.mostExtents else {
      throw cursor.bad(
        "gives the tensor '\(name.printable)' \(rank) extents, more than the \(Self.mostExtents) that GGUF has")
    }
    // The innermost extent comes first.
    var extents: [Int] = []
    for _ in 0..<rank {
      let extent = try cursor.number(UInt64.self)
      guard let extent = Int(exactly: extent) else {
        throw cursor.bad("gives the tensor '\(name.printable)' the impossible extent \(extent)")
      }
      extents.insert(extent, at: 0)
    }
    guard let shape = TensorShape(extents) else {
      throw cursor.bad("gives the tensor '\(name.printable)' the impossible shape \(extents)")
    }
    self.name = name
    self.shape = shape
    type = GGUFType(try cursor.number(UInt32.self))
    offset = try cursor.number(UInt64.self)
  }

  /// The tensors of a file in the order of their bytes.
  ///
  /// - Parameters:
  ///   - start: of the data, in the file.
  ///   - end: of the file.
  static func entries(
    _ tensors: [GGUFTensor], path: String, start: Int, end: Int, alignment: Int
  ) throws(Failure) -> [CheckpointEntry] {
    var entries: [CheckpointEntry] = []
    var last: (name: String, end: Int)?
    for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
      let place = try tensor.bytes(path, start: start, end: end, alignment: alignment)
      if let last, !place.isEmpty {
        guard place.lowerBound >= last.end else {
          throw tensor.bad(path, "overlaps with the tensor '\(last.name.printable)'")
        }
      }
      if !place.isEmpty { last = (tensor.name, place.upperBound) }
      entries.append(
        CheckpointEntry(
          name: tensor.name, type: tensor.type.name, shape: tensor.shape, content: tensor.content(place, path)))
    }
    return entries
  }

  private func content(_ place: Range<Int>, _ path: String) -> CheckpointEntry.Content {
    switch type.kind {
    case .encoded(let encoding):
      .recipe(.stored(StoredArray(encoding: encoding, shape: shape, file: path, offset: place.lowerBound)))
    case .integers: .packed(StoredBytes(file: path, range: place))
    case .unread(let why): .unread(why)
    }
  }

  /// Where it lies in the file; of a type whose size is not known, its first byte.
  private func bytes(_ path: String, start: Int, end: Int, alignment: Int) throws(Failure) -> Range<Int> {
    guard offset % UInt64(alignment) == 0 else {
      throw bad(path, "starts at byte \(offset) of the data, which is not a multiple of the alignment \(alignment)")
    }
    let room = max(0, end - start)
    let size: Int
    switch type.kind {
    case .encoded(let encoding):
      guard (shape.extents.last ?? 1) % encoding.blockElements == 0 else {
        throw bad(
          path, "has the shape \(shape), but rows of \(type.name) consist of blocks of \(encoding.blockElements)")
      }
      size = encoding.bytes(of: shape.elements) ?? .max
    case .integers(let width):
      let (bytes, isTooLarge) = shape.elements.multipliedReportingOverflow(by: width)
      size = isTooLarge ? .max : bytes
    case .unread: size = 0
    }
    guard size <= room, offset <= UInt64(room - size) else {
      throw bad(
        path,
        "of shape \(shape) and type \(type.name) starts at byte \(offset) of the data and has \(size == .max ? "more bytes than can be counted" : "\(size) bytes"), but the file has only \(room): it was cut off"
      )
    }
    return start + Int(offset)..<start + Int(offset) + size
  }

  private func bad(_ path: String, _ what: String) -> Failure {
    .badInput(
      "'\(path.printable)': the tensor '\(name.printable)' \(what)",
      advice: "the file is damaged; download or write it again")
  }
}
