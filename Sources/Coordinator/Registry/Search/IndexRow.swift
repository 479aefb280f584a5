internal import Core
internal import Fingerprints
internal import Storage
internal import System

/// What a search looks at first: some weights of some tensors of a model, in a row of fixed size.
///
/// 8-byte little-endian words: offset of the record; lengths of its entry and of its fingerprint (half a word each);
/// hashes of the entry's key and of what its files looked like; the first half of the identity; the least hashes of
/// tensors' values; the keys of cells; their weights as Float; `Checksum`.
struct IndexRow: Equatable {
  /// A small submatrix of one tensor: the beginning of its sample.
  static let side = 8
  static let cellWeights = side * side
  static let linearCells = 16
  /// Linear maps, a table of tokens and an output head.
  static let cells = linearCells + 2
  static let contents = 32

  static let keyOffset = 16
  static let stampOffset = 24
  static let identityOffset = 32
  static let contentsOffset = 48
  static let cellKeysOffset = contentsOffset + 8 * contents
  static let weightsOffset = cellKeysOffset + 8 * cells
  static let checksumOffset = weightsOffset + 4 * cells * cellWeights
  static let bytes = checksumOffset + 8

  var offset: Int
  var head: RegistryRecord.Head
  var key: UInt64
  var stamp: UInt64
  var identity: SIMD2<UInt64>
  /// Ascending; `UInt64.max` where there are fewer.
  var contents: [UInt64]
  /// 0: an empty cell.
  var cellKeys: [UInt64]
  var weights: [Float]

  init(offset: Int, head: RegistryRecord.Head, _ entry: RegistryEntry, _ fingerprint: ModelFingerprint) {
    self.offset = offset
    self.head = head
    key = Self.key(of: entry.id, entry.identity)
    stamp = Self.stamp(of: entry.id, entry.sources.map(\.file))
    identity = Self.identity(fingerprint.identity)
    var least = Array(fingerprint.contents.prefix(Self.contents).map(\.hash))
    least += Array(repeating: .max, count: Self.contents - least.count)
    contents = least
    let linear = fingerprint.tensors.filter { $0.role == .linear }
    let maps = linear.isEmpty ? fingerprint.tensors.filter { $0.part == .body } : linear
    let tables = [
      fingerprint.tensors.first { $0.part == .tokens && $0.isTable },
      fingerprint.tensors.first { $0.part == .head && $0.isTable },
    ]
    var chosen: [FingerprintTensor?] = maps.prefix(Self.linearCells).map { $0 }
    chosen += Array(repeating: nil, count: Self.linearCells - chosen.count)
    chosen += tables
    cellKeys = chosen.map { $0?.key ?? 0 }
    weights = chosen.flatMap { $0.map(Self.cell) ?? Array(repeating: 0, count: Self.cellWeights) }
  }

  /// The first rows and columns of a sample; zeros where there are fewer.
  private static func cell(_ tensor: FingerprintTensor) -> [Float] {
    let (shape, values) = (tensor.sample.shape, tensor.sample.values)
    var cell = Array(repeating: Float(0), count: cellWeights)
    if shape.rows == 1 {
      for k in 0..<min(cellWeights, shape.columns) { cell[k] = values[k] }
      return cell
    }
    for row in 0..<min(side, shape.rows) {
      for column in 0..<min(side, shape.columns) { cell[row * side + column] = values[row * shape.columns + column] }
    }
    return cell
  }

  static func key(of id: String, _ identity: String) -> UInt64 { Fingerprint(of: "\(id)\u{0}\(identity)".utf8).value }

  /// Equal for the same files in the same state under the same id.
  static func stamp(of id: String, _ files: [SourceFile]) -> UInt64 {
    var print = Fingerprint()
    print.add(id)
    for file in files.sorted(by: { $0.path < $1.path }) {
      print.add("\(file.path)\u{0}\(file.bytes) \(file.modified) \(file.header)")
    }
    return print.value
  }

  static func identity(_ digits: String) -> SIMD2<UInt64> {
    SIMD2(UInt64(digits.prefix(16), radix: 16) ?? 0, UInt64(digits.dropFirst(16).prefix(16), radix: 16) ?? 0)
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.bytes)
    func add<Word: FixedWidthInteger>(_ word: Word) {
      withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }
    add(UInt64(offset))
    add(UInt32(head.entryBytes))
    add(UInt32(head.fingerprintBytes))
    add(key)
    add(stamp)
    add(identity.x)
    add(identity.y)
    for hash in contents { add(hash) }
    for key in cellKeys { add(key) }
    for weight in weights { add(weight.bitPattern) }
    add(bytes.withUnsafeBytes { Checksum.of($0) })
    return bytes
  }

  /// What a row says of its record; nil where the row is damaged.
  static func place(_ row: UnsafeRawBufferPointer, segment: Int) -> Segment.Place? {
    guard row.count == bytes,
      Checksum.of(UnsafeRawBufferPointer(rebasing: row[..<checksumOffset]))
        == UInt64(littleEndian: row.loadUnaligned(fromByteOffset: checksumOffset, as: UInt64.self))
    else { return nil }
    func word(_ offset: Int) -> Int {
      Int(UInt32(littleEndian: row.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    let offset = UInt64(littleEndian: row.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    let head = RegistryRecord.Head(entryBytes: word(8), fingerprintBytes: word(12))
    guard offset < UInt64(1) << 53, head.isPossible else { return nil }
    return Segment.Place(segment: segment, offset: Int(offset), head: head)
  }

  /// - Parameter row: whose checksum is right; see `place`.
  init(_ row: UnsafeRawBufferPointer, at place: Segment.Place) {
    offset = place.offset
    head = place.head
    key = Self.word(row, Self.keyOffset)
    stamp = Self.word(row, Self.stampOffset)
    identity = SIMD2(Self.word(row, Self.identityOffset), Self.word(row, Self.identityOffset + 8))
    contents = (0..<Self.contents).map { Self.word(row, Self.contentsOffset + 8 * $0) }
    cellKeys = (0..<Self.cells).map { Self.word(row, Self.cellKeysOffset + 8 * $0) }
    weights = (0..<Self.cells * Self.cellWeights).map {
      Float(
        bitPattern: UInt32(
          littleEndian: row.loadUnaligned(fromByteOffset: Self.weightsOffset + 4 * $0, as: UInt32.self)))
    }
  }

  static func word(_ row: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: row.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
