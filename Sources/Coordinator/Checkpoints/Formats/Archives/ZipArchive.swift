package import Storage
package import System

/// The directory of a zip archive (PKWARE, APPNOTE.TXT 6.3.10), with the extensions for large files. Nothing is unpacked.
package struct ZipArchive {
  package struct Entry {
    package var name: String
    /// 0: stored as it is.
    package var method: Int
    /// In the archive.
    package var bytes: Int
    /// Unpacked, if the directory is to be believed.
    package var unpackedBytes: Int
    fileprivate var header: Int
    fileprivate var isEncrypted: Bool

    /// Why the bytes in the archive are not those of the file; nil when they are.
    package var obstacle: String? {
      if isEncrypted { return "is encrypted in the archive" }
      switch method {
      case 0: return nil
      case 8: return "is compressed in the archive (deflate)"
      case 93: return "is compressed in the archive (zstd)"
      default: return "is compressed in the archive (method \(method))"
      }
    }
  }

  package let path: String
  package let file: WeightFile
  package let fileBytes: Int
  /// In the order of the directory.
  package let entries: [Entry]
  private let numbers: [ByteString: Int]

  /// Bytes of a directory: a million names of 100 letters.
  private static let largestDirectory = 256 << 20

  /// Does a file that begins so look like one? One without entries has only its end.
  package static func recognizes(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4b, 3, 4]) || head.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// - Throws: `Failure` (bad input) for a directory that is missing, damaged, or contradicts itself or the file.
  package init(path: String) throws(Failure) {
    guard let status = SourceFile.status(of: path) else { throw Self.bad(path, "cannot be opened") }
    self.path = path
    file = try WeightFile(path: path)
    fileBytes = status.bytes
    let end = try EndOfDirectory(file, path: path, fileBytes: status.bytes)
    var cursor = FileCursor(file, range: end.directory, limit: Self.largestDirectory)
    var entries: [Entry] = []
    var numbers: [ByteString: Int] = [:]
    while cursor.left > 0 {
      let entry = try Self.entry(&cursor, before: end.directory.lowerBound)
      guard numbers.updateValue(entries.count, forKey: ByteString(entry.name)) == nil else {
        throw Self.bad(path, "lists '\(entry.name.printable)' twice")
      }
      entries.append(entry)
    }
    guard entries.count == end.entries else {
      throw Self.bad(path, "announces \(end.entries) files, but lists \(entries.count)")
    }
    try Self.checkOverlaps(entries, path)
    self.entries = entries
    self.numbers = numbers
  }

  package subscript(_ name: String) -> Entry? { numbers[ByteString(name)].map { entries[$0] } }

  /// Where the bytes of an entry are in the file.
  package func place(of entry: Entry) throws(Failure) -> Range<Int> {
    let name = entry.name.printable
    var header = [UInt8](repeating: 0, count: 30)
    try Self.fill(&header, file, at: entry.header)
    guard header.starts(with: [0x50, 0x4b, 3, 4]) else {
      throw Self.bad(path, "has no file where its directory says that '\(name)' is")
    }
    let start = entry.header + 30 + Self.short(header, 26) + Self.short(header, 28)
    guard start <= fileBytes, entry.bytes <= fileBytes - start else {
      throw Self.bad(
        path, "lists '\(name)' with \(entry.bytes) bytes from byte \(start) on, but has only \(fileBytes) in all")
    }
    // With bit 3 the sizes follow the data.
    let sizes = (Self.word(header, 18), Self.word(header, 22))
    if Self.short(header, 6) & 8 == 0, sizes.0 != 0xffff_ffff, sizes.0 != entry.bytes {
      throw Self.bad(path, "says of '\(name)' that it has \(sizes.0) bytes, and elsewhere that it has \(entry.bytes)")
    }
    return start..<start + entry.bytes
  }

  /// The bytes of a small entry that is stored as it is; nil when there is no such entry.
  package func content(of name: String, limit: Int) throws(Failure) -> [UInt8]? {
    guard let entry = self[name], entry.obstacle == nil, entry.bytes <= limit else { return nil }
    let place = try place(of: entry)
    var bytes = [UInt8](repeating: 0, count: place.count)
    try Self.fill(&bytes, file, at: place.lowerBound)
    return bytes
  }

  private static func entry(_ cursor: inout FileCursor, before directory: Int) throws(Failure) -> Entry {
    let header = try cursor.bytes(46)
    guard header.starts(with: [0x50, 0x4b, 1, 2]) else { throw cursor.bad("is a zip archive with a damaged directory") }
    let name = try cursor.bytes(short(header, 28))
    let extra = try cursor.bytes(short(header, 30))
    _ = try cursor.skip(short(header, 32))
    guard !name.contains(0) else { throw cursor.bad("is a zip archive with a zero byte in a name") }
    var entry = Entry(
      name: String(decoding: name, as: UTF8.self), method: short(header, 10), bytes: word(header, 20),
      unpackedBytes: word(header, 24), header: word(header, 42), isEncrypted: short(header, 8) & 1 != 0)
    try extend(&entry, extra, cursor)
    guard entry.header >= 0, entry.bytes >= 0, entry.header <= directory - 30, entry.bytes <= directory - entry.header
    else {
      throw cursor.bad(
        "is a zip archive whose '\(entry.name.printable)' reaches beyond its files: it was cut off, or is damaged")
    }
    guard entry.method != 0 || entry.isEncrypted || entry.bytes == entry.unpackedBytes else {
      throw cursor.bad("is a zip archive whose '\(entry.name.printable)' has two sizes, though it is not compressed")
    }
    return entry
  }

  /// Sizes and offsets of 64 bits, which the extra field 1 has in place of those that say 0xffffffff.
  private static func extend(_ entry: inout Entry, _ extra: [UInt8], _ cursor: FileCursor) throws(Failure) {
    var place = 0
    while place + 4 <= extra.count {
      let (kind, size) = (short(extra, place), short(extra, place + 2))
      let end = place + 4 + size
      guard end <= extra.count else { return }
      if kind == 1 {
        var at = place + 4
        for field in [\Entry.unpackedBytes, \Entry.bytes, \Entry.header] where entry[keyPath: field] == 0xffff_ffff {
          guard at + 8 <= end, let value = long(extra, at) else {
            throw cursor.bad("is a zip archive with a damaged size of '\(entry.name.printable)'")
          }
          entry[keyPath: field] = value
          at += 8
        }
        return
      }
      place = end
    }
  }

  private static func checkOverlaps(_ entries: [Entry], _ path: String) throws(Failure) {
    var end = 0
    var last = ""
    for entry in entries.sorted(by: { $0.header < $1.header }) {
      guard entry.header >= end else {
        throw bad(path, "has '\(entry.name.printable)' where '\(last.printable)' is already")
      }
      end = entry.header + 30 + entry.bytes
      last = entry.name
    }
  }

  /// The end of the directory, which says where the directory is.
  private struct EndOfDirectory {
    let directory: Range<Int>
    let entries: Int

    init(_ file: WeightFile, path: String, fileBytes: Int) throws(Failure) {
      // A comment of up to 65535 bytes may follow.
      var tail = [UInt8](repeating: 0, count: min(fileBytes, 22 + 0xffff + 20))
      let start = fileBytes - tail.count
      try fill(&tail, file, at: start)
      guard
        let at = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
          tail[$0...].starts(with: [0x50, 0x4b, 5, 6]) && $0 + 22 + short(tail, $0 + 20) == tail.count
        })
      else { throw bad(path, "is a zip archive without its end: it was cut off, or its writing did not finish") }
      guard short(tail, at + 4) == short(tail, at + 6) else { throw bad(path, "is a zip archive in several volumes") }
      var (count, size, offset) = (short(tail, at + 10), word(tail, at + 12), word(tail, at + 16))
      var end = start + at
      if at >= 20, tail[(at - 20)...].starts(with: [0x50, 0x4b, 6, 7]) {
        guard let place = long(tail, at - 12), place <= start + at - 20 - 56 else {
          throw bad(path, "is a zip archive whose end points elsewhere")
        }
        var large = [UInt8](repeating: 0, count: 56)
        try fill(&large, file, at: place)
        guard large.starts(with: [0x50, 0x4b, 6, 6]),
          let wide = (long(large, 32), long(large, 40), long(large, 48)) as? (Int, Int, Int)
        else { throw bad(path, "is a zip archive whose end is damaged") }
        (count, size, offset) = wide
        end = place
      }
      guard offset <= end, size == end - offset else {
        throw bad(
          path,
          "is a zip archive whose directory is not where its end says: \(size) bytes from byte \(offset) on, but the end is at byte \(end)"
        )
      }
      directory = offset..<end
      entries = count
    }
  }

  private static func fill(_ bytes: inout [UInt8], _ file: WeightFile, at offset: Int) throws(Failure) {
    guard !bytes.isEmpty else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    defer { buffer.deallocate() }
    try file.read(into: buffer, at: offset, what: "the directory of the archive")
    bytes = Array(buffer)
  }

  private static func short(_ bytes: [UInt8], _ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
  private static func word(_ bytes: [UInt8], _ at: Int) -> Int { short(bytes, at) | short(bytes, at + 2) << 16 }
  /// nil when it is more than a file can have.
  private static func long(_ bytes: [UInt8], _ at: Int) -> Int? {
    let value = UInt64(word(bytes, at)) | UInt64(word(bytes, at + 4)) << 32
    return Int(exactly: value)
  }

  private static func bad(_ path: String, _ what: String) -> Failure {
    .badInput("'\(path.printable)' \(what)", advice: "the file is damaged; download or write it again")
  }
}
