internal import Core
internal import Storage
internal import System

/// Arrays of NumPy: one in a `.npy` file (NEP 1, versions 1 to 3), or several in a zip archive, `.npz`.
enum NumpyReader: CheckpointReader {
  private static let magic: [UInt8] = [0x93] + "NUMPY".utf8
  /// Bytes of a header; NumPy itself refuses more than 10000.
  private static let longestHeader = 1 << 16

  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool { head.starts(with: magic) }

  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let source = try SourceFile.described(path)
    let file = try WeightFile(path: path)
    let entry = try entry("array", in: file, 0..<source.bytes)
    return CheckpointFile(format: .numpy, source: source, entries: [entry])
  }

  static func read(_ archive: ZipArchive, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    var entries: [(start: Int, entry: CheckpointEntry)] = []
    for member in archive.entries {
      let name = String(member.name.dropLast(".npy".count))
      guard member.obstacle == nil else {
        let entry = CheckpointEntry(
          name: name, type: "npy", shape: .scalar, content: .unread("it \(member.obstacle ?? "")"))
        entries.append((.max, entry))
        continue
      }
      let place = try archive.place(of: member)
      entries.append((place.lowerBound, try entry(name, in: archive.file, place)))
    }
    return CheckpointFile(
      format: .numpy, source: source,
      entries: entries.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
        .map(\.element.entry))
  }

  private static func entry(_ name: String, in file: WeightFile, _ range: Range<Int>) throws(Failure) -> CheckpointEntry
  {
    var cursor = FileCursor(file, range: range, limit: longestHeader + 16)
    guard try cursor.bytes(magic.count) == magic else {
      throw cursor.bad("has no array where '\(name.printable)' should be")
    }
    let version = try cursor.byte()
    _ = try cursor.byte()
    guard 1...3 ~= version else { throw cursor.bad("has an array of format \(version), expected 1 to 3") }
    let length = version == 1 ? Int(try cursor.number(UInt16.self)) : Int(try cursor.number(UInt32.self))
    guard length <= longestHeader else { throw cursor.bad("has an array with a header of \(length) bytes") }
    guard let header = NumpyHeader(String(decoding: try cursor.bytes(length), as: UTF8.self)),
      let shape = TensorShape(header.extents), shape.rank <= 32
    else { throw cursor.bad("has a header of '\(name.printable)' that cannot be read") }
    let content = try NumpyArray.content(
      type: header.type, shape: shape, isFortranOrdered: header.isFortranOrdered, file: file.path,
      bytes: cursor.place..<range.upperBound, name: name)
    return CheckpointEntry(name: name, type: header.type, shape: shape, content: content)
  }
}
