internal import Core
internal import Encodings
internal import Foundation
internal import Storage
internal import System

/// The entries of a model while packed tensors are joined with their companions: who has been used for what.
struct QuantizedParts {
  private let entries: [CheckpointEntry]
  private let places: [String: Int]
  private let metadata: [String: String]
  /// See `CheckpointFile.details`.
  private let details: [String: String]
  /// By place: nil as it was.
  private var outcomes: [Int: Outcome] = [:]

  private enum Outcome {
    case replaced(CheckpointEntry)
    /// Its numbers are in another tensor.
    case used
  }

  init(_ entries: [CheckpointEntry], metadata: [String: String], details: [String: String]) {
    self.entries = entries
    self.metadata = metadata
    self.details = details
    places = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// All entries that are not part of another tensor.
  var result: [CheckpointEntry] {
    entries.enumerated().compactMap { place, entry in
      switch outcomes[place] {
      case nil: entry
      case .replaced(let new): new
      case .used: nil
      }
    }
  }

  /// Entries that no scheme has dealt with yet, in their order.
  var open: [CheckpointEntry] { entries.indices.filter { outcomes[$0] == nil }.map { entries[$0] } }

  /// Modules `M` for which there is an open tensor `M` + suffix.
  func owners(_ suffix: String) -> [String] {
    open.compactMap { $0.name.hasSuffix(suffix) ? String($0.name.dropLast(suffix.count)) : nil }
  }

  /// An open entry.
  func entry(_ name: String) -> CheckpointEntry? {
    guard let place = places[name], outcomes[place] == nil else { return nil }
    return entries[place]
  }

  /// What the file says of a tensor; nil where it says nothing, or nothing that can be read.
  func detail<Detail: Decodable>(_ name: String, as type: Detail.Type) -> Detail? {
    details[name].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }

  /// Names of tensors that the files describe.
  var described: [String] { details.keys.sorted() }

  /// What the model's quantization_config says.
  func configuration(_ key: String) -> String? {
    metadata["config.quantization_config.\(key)"] ?? metadata["config.quantization.\(key)"]
      ?? metadata["config.compression_config.\(key)"]
  }

  /// - Parameters:
  ///   - entry: takes the place of the first of the parts.
  ///   - of: names of the parts; those that there are not are passed over.
  mutating func join(_ entry: CheckpointEntry, of names: [String]) {
    for (number, place) in names.compactMap({ places[$0] }).enumerated() {
      outcomes[place] = number == 0 ? .replaced(entry) : .used
    }
  }

  /// A tensor that is there, but cannot be read.
  ///
  /// - Parameters:
  ///   - name: of the plain tensor.
  ///   - scheme: as what it is listed.
  mutating func leave(_ name: String, _ scheme: String, shape: TensorShape?, of names: [String], why: String) {
    guard let first = names.first(where: { places[$0] != nil }), let place = places[first] else { return }
    join(
      CheckpointEntry(name: name, type: scheme, shape: shape ?? entries[place].shape, content: .unread(why)),
      of: names)
  }

  // MARK: Arrays

  /// Where an entry's bytes are; nil where they are not in one piece.
  func bytes(of entry: CheckpointEntry) -> StoredBytes? {
    switch entry.content {
    case .packed(let bytes): return bytes
    case .recipe(.stored(let array)):
      return StoredBytes(file: array.file, range: array.offset..<array.offset + array.bytes)
    case .recipe, .unread: return nil
    }
  }

  /// The same bytes as another array; nil where they are not as many as it takes.
  func array(_ entry: CheckpointEntry, _ encoding: Encoding, _ extents: [Int]) -> StoredArray? {
    guard let bytes = bytes(of: entry), let shape = TensorShape(extents), shape.elements > 0,
      encoding.bytes(of: shape.elements) == bytes.range.count
    else { return nil }
    return StoredArray(encoding: encoding, shape: shape, file: bytes.file, offset: bytes.range.lowerBound)
  }

  /// Numbers of floating point, or whole ones of a type that is known, as a matrix.
  func numbers(_ entry: CheckpointEntry, _ rows: Int, _ columns: Int) -> StoredArray? {
    guard let shape = TensorShape([rows, columns]), shape.elements == entry.shape.elements else { return nil }
    if case .recipe(.stored(let array)) = entry.content, array.companions.isEmpty {
      return StoredArray(encoding: array.encoding, shape: shape, file: array.file, offset: array.offset)
    }
    let encoding: Encoding? =
      switch Self.plain(entry.type) {
      case "I8": .i8
      case "U8": .u8
      case "I32": .i32
      case "F8_E8M0": .f8e8m0
      default: nil
      }
    return encoding.flatMap { array(entry, $0, [rows, columns]) }
  }

  /// A number that is stored as a tensor of its own; nil where there is none that is open and known.
  func number(_ name: String) -> Double? {
    guard let entry = entry(name), entry.shape.elements == 1, let bytes = read(entry, atMost: 8) else { return nil }
    return bytes.withUnsafeBytes { bytes -> Double? in
      switch (Self.plain(entry.type), bytes.count) {
      case ("U8", 1): Double(bytes[0])
      case ("I32", 4): Double(Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
      case ("I64", 8): Double(Int64(littleEndian: bytes.loadUnaligned(as: Int64.self)))
      case ("F32", 4), ("float32", 4):
        Double(Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))))
      default: nil
      }
    }
  }

  /// Whole numbers of 64 bits that are stored as a tensor of their own.
  func wholeNumbers(_ name: String, atMost most: Int) -> [Int]? {
    guard let entry = entry(name), Self.plain(entry.type) == "I64", entry.shape.elements <= most,
      let bytes = read(entry, atMost: 8 * most), bytes.count == 8 * entry.shape.elements
    else { return nil }
    return bytes.withUnsafeBytes { bytes in
      (0..<entry.shape.elements).map {
        Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
      }
    }
  }

  /// The module that a tensor belongs to, and its own name there.
  static func split(_ name: String) -> (module: String, own: Substring) {
    guard let dot = name.lastIndex(of: ".") else { return ("", name[...]) }
    return (String(name[..<dot]), name[name.index(after: dot)...])
  }

  /// A type as safetensors calls it.
  static func plain(_ type: String) -> String {
    let names = [
      "int8": "I8", "uint8": "U8", "int32": "I32", "uint32": "U32", "int64": "I64", "float8_e4m3fn": "F8_E4M3",
      "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0",
    ]
    return names[type.split(separator: ".").last.map(String.init) ?? type] ?? type
  }

  /// The first bytes of an entry, for what the header stage has to know; nil where they cannot be read.
  func read(_ entry: CheckpointEntry, atMost limit: Int, from offset: Int = 0) -> [UInt8]? {
    guard let bytes = bytes(of: entry), bytes.range.count > offset,
      let file = try? WeightFile(path: bytes.file)
    else { return nil }
    let count = min(limit, bytes.range.count - offset)
    var buffer = [UInt8](repeating: 0, count: count)
    let isRead = buffer.withUnsafeMutableBytes { buffer in
      (try? file.read(into: buffer, at: bytes.range.lowerBound + offset, what: entry.name)) != nil
    }
    return isRead ? buffer : nil
  }
}

extension TensorShape {
  /// All extents but the last together, and the last.
  var flattened: (rows: Int, columns: Int) {
    let columns = extents.last ?? 1
    return (columns == 0 ? 0 : elements / columns, columns)
  }
}
