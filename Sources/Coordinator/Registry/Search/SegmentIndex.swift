internal import Fingerprints
internal import System

/// The rows of one segment's index. An index can be made again from its segment: whatever of it is missing or
/// damaged is read from there.
struct SegmentIndex {
  private static let headBytes = 16
  private static let version: UInt8 = 1
  /// Rows that are read at a time: 2.5 MB.
  private static let portion = 512

  private static var head: [UInt8] {
    Array("MTREGIDX".utf8) + [version, 0, 0, 0, 0, 0, 0, 0]
  }

  private let folder: RegistryFolder
  private let number: Int

  init(_ folder: RegistryFolder, _ number: Int) {
    self.folder = folder
    self.number = number
  }

  /// Calls `body` with every row of the segment, in order, that can be had.
  ///
  /// - Parameters:
  ///   - first: rows that are passed over, and where the record behind them begins.
  ///   - damaged: called with what is wrong where a record cannot be read.
  /// - Returns: how many rows there are now, and how the segment ends.
  func eachRow(
    from first: (rows: Int, offset: Int) = (0, Segment.headBytes),
    damaged: (Failure) -> Void = { _ in },
    _ body: (Segment.Place, UnsafeRawBufferPointer) -> Void
  ) throws(Failure) -> (rows: Int, end: Segment.End) {
    guard let segment = try Segment(folder, number) else { return (0, .torn(0)) }
    var (rows, offset) = first
    let length = segment.file.length
    if let file = try RegistryFile.reading(folder.index(number)),
      try file.bytes(at: 0, count: Self.headBytes) == Self.head
    {
      var isUsable = true
      while isUsable {
        let bytes = try file.bytes(at: Self.headBytes + rows * IndexRow.bytes, count: Self.portion * IndexRow.bytes)
        let count = bytes.count / IndexRow.bytes
        guard count > 0 else { break }
        bytes.withUnsafeBytes { bytes in
          for k in 0..<count {
            let row = UnsafeRawBufferPointer(rebasing: bytes[k * IndexRow.bytes..<(k + 1) * IndexRow.bytes])
            guard let place = IndexRow.place(row, segment: number), place.offset == offset,
              offset + place.head.bytes <= length
            else {
              isUsable = false
              return
            }
            body(place, row)
            offset += place.head.bytes
            rows += 1
          }
        }
      }
    }
    // What the index lacks.
    let end = try segment.eachPlace(from: offset) { place throws(Failure) in
      rows += 1
      do throws(Failure) {
        let (entry, fingerprint) = try segment.record(at: place)
        let row = IndexRow(offset: place.offset, head: place.head, entry, fingerprint).encoded
        row.withUnsafeBytes { body(place, $0) }
      } catch {
        damaged(error)
      }
    }
    return (rows, end)
  }

  /// The rows as they are, sound or not.
  func stored() throws(Failure) -> [[UInt8]] {
    guard let file = try RegistryFile.reading(folder.index(number)),
      try file.bytes(at: 0, count: Self.headBytes) == Self.head
    else { return [] }
    var rows: [[UInt8]] = []
    while true {
      let row = try file.bytes(at: Self.headBytes + rows.count * IndexRow.bytes, count: IndexRow.bytes)
      guard row.count == IndexRow.bytes else { return rows }
      rows.append(row)
    }
  }

  /// Appends the row of the record that was just written. Where rows before it are missing, all are written.
  ///
  /// - Parameter count: records before it.
  func append(_ row: IndexRow, after count: Int) throws(Failure) {
    let file = try RegistryFile.writing(folder.index(number))
    let place = Self.headBytes + count * IndexRow.bytes
    if try file.bytes(at: 0, count: Self.headBytes) == Self.head, file.length == place {
      try file.write(row.encoded, at: place, isSynced: false)
    } else {
      try rebuild(file)
    }
  }

  /// Writes all rows again. Rows of records that cannot be read stay damaged, so that the index is as good as none from
  /// there on.
  private func rebuild(_ file: RegistryFile) throws(Failure) {
    try file.truncate(to: 0)
    try file.write(Self.head, at: 0, isSynced: false)
    guard let segment = try Segment(folder, number) else { return }
    var offset = Self.headBytes
    _ = try segment.eachPlace { place throws(Failure) in
      var bytes = [UInt8](repeating: 0, count: IndexRow.bytes)
      do throws(Failure) {
        let (entry, fingerprint) = try segment.record(at: place)
        bytes = IndexRow(offset: place.offset, head: place.head, entry, fingerprint).encoded
      } catch { /* The next reader of the record says so. */  }
      try file.write(bytes, at: offset, isSynced: false)
      offset += IndexRow.bytes
    }
  }
}
