internal import Core
internal import Encodings
internal import Foundation
internal import Glibc
internal import Storage
internal import System

/// The table of contents of a safetensors file: 8 bytes of length, JSON, then the weights.
///
/// Nothing is trusted before it is checked: lengths, shapes, offsets, overlaps, duplicates.
struct SafetensorsHeader {
  struct Entry: Equatable {
    var name: String
    /// As the file names it.
    var type: String
    var shape: TensorShape
    /// Absolute, in the file.
    var bytes: Range<Int>
  }

  /// In the order of their bytes.
  let entries: [Entry]
  let source: SourceFile
  /// Values of `__metadata__` that are JSON objects: what writers of quantized weights say of single tensors.
  let details: [String: String]

  /// What the reference implementation allows.
  static let largestHeader = 100_000_000

  private static let largestRank = 32

  init(path: String) throws(Failure) {
    let (header, fileBytes, modified) = try Self.read(path)
    let dataStart = 8 + header.count
    var entries: [Entry] = []
    let (bodies, details) = try Self.parse(header, path)
    for (name, body) in bodies where name != "__metadata__" {
      entries.append(try Self.entry(name, body, path, dataStart, fileBytes))
    }
    entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    try Self.checkCoverage(entries, path, dataStart, fileBytes)
    self.entries = entries
    self.details = details
    source = SourceFile(
      path: path, bytes: fileBytes, modified: modified, header: Fingerprint(of: header).text)
  }

  private static func read(_ path: String) throws(Failure) -> (header: Data, bytes: Int, modified: Int) {
    guard let status = SourceFile.status(of: path) else {
      throw bad(
        path, "cannot be opened: \(String(cString: strerror(errno)))", "check that the path is right and may be read")
    }
    let file = try WeightFile(path: path)
    guard status.bytes >= 8 else {
      throw bad(path, "is \(status.bytes) bytes long, too short for a safetensors file", again)
    }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { bytes throws(Failure) in
      try file.read(into: bytes, at: 0, what: "header length")
    }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(largestHeader) else {
      throw bad(
        path, "announces a header of \(length) bytes, more than the \(largestHeader) that the format allows",
        "check whether it is a safetensors file at all")
    }
    guard Int(length) <= status.bytes - 8 else {
      throw bad(
        path, "announces a header of \(length) bytes, but only \(status.bytes - 8) follow", again)
    }
    var header = Data(count: Int(length))
    do {
      try header.withUnsafeMutableBytes { try file.read(into: $0, at: 8, what: "header") }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw bad(path, "has an unreadable header", again)
    }
    return (header, status.bytes, status.modified)
  }

  /// What the header says of a tensor.
  struct Body: Decodable {
    var type: String
    var shape: [Int]
    var offsets: [Int]

    init(type: String, shape: [Int], offsets: [Int]) {
      self.type = type
      self.shape = shape
      self.offsets = offsets
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      type = try container.decode(String.self, forKey: .type)
      shape = try container.decode([WholeNumber].self, forKey: .shape).map(\.value)
      offsets = try container.decode([WholeNumber].self, forKey: .offsets).map(\.value)
    }

    private enum CodingKeys: String, CodingKey {
      case type = "dtype"
      case shape
      case offsets = "data_offsets"
    }
  }

  /// A number whose place is named when it is not whole, which the decoder by itself does not do.
  private struct WholeNumber: Decodable {
    var value: Int

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      do {
        value = try container.decode(Int.self)
      } catch {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "not a whole number of 64 bits"))
      }
    }
  }

  private enum Value: Decodable {
    case tensor(Body)
    case metadata([String: String])

    init(from decoder: any Decoder) throws {
      self =
        decoder.codingPath.last?.stringValue == "__metadata__"
        ? .metadata((try? [String: String](from: decoder)) ?? [:]) : .tensor(try Body(from: decoder))
    }
  }

  private static func parse(
    _ whole: Data, _ path: String
  ) throws(Failure) -> (bodies: [(String, Body)], details: [String: String]) {
    // The format wants '{' first; its own library reads what JSON allows before it.
    let blanks = whole.prefix { [0x20, 0x09, 0x0a, 0x0d].contains($0) }.count
    let header = blanks == 0 ? whole : Data(whole.dropFirst(blanks))
    guard header.first == UInt8(ascii: "{") else {
      throw bad(path, "has a header that is not a JSON object", "check whether it is a safetensors file at all")
    }
    // It knows no escapes, and no JSON object can be written within a text without them.
    if let tensors = SafetensorsHeaderFastPath.tensors(in: header) { return (tensors, [:]) }
    if let name = JSONKeys.firstRepeated(in: header) {
      throw bad(path, "names the tensor '\(name.printable)' twice", again)
    }
    let values: [String: Value]
    do {
      values = try JSONDecoder().decode([String: Value].self, from: header)
    } catch {
      throw bad(path, "has a header that cannot be read: \(Self.explain(error))", again)
    }
    var details: [String: String] = [:]
    if case .metadata(let texts) = values["__metadata__"] { details = texts.filter { $0.value.hasPrefix("{") } }
    let bodies = values.compactMap { name, value in
      if case .tensor(let body) = value { (name, body) } else { nil }
    }
    return (bodies, details)
  }

  private static func explain(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "it is not valid JSON" }
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let c), .valueNotFound(_, let c), .keyNotFound(_, let c), .dataCorrupted(let c):
      context = c
    @unknown default: return "it is not valid JSON"
    }
    let place = context.codingPath.map(\.stringValue).joined(separator: " > ").printable
    return place.isEmpty ? "it is not valid JSON" : "at \(place): \(context.debugDescription)"
  }

  private static func entry(
    _ name: String, _ body: Body, _ path: String, _ dataStart: Int, _ fileBytes: Int
  ) throws(Failure) -> Entry {
    // Most names are never shown.
    var tensor: String { "tensor '\(name.printable)'" }
    guard !name.isEmpty, !name.utf8.contains(0) else {
      throw bad(path, "has a tensor whose name is empty or holds a zero byte", again)
    }
    guard let shape = TensorShape(body.shape) else {
      throw bad(path, "\(tensor) has an impossible shape \(body.shape)", again)
    }
    guard shape.rank <= largestRank else {
      throw bad(
        path, "\(tensor) has \(shape.rank) dimensions, more than the \(largestRank) that HDF5 can keep",
        "write the model again with tensors of fewer dimensions")
    }
    guard body.offsets.count == 2 else {
      throw bad(path, "\(tensor) has \(body.offsets.count) data offsets, expected 2", again)
    }
    let (from, to) = (body.offsets[0], body.offsets[1])
    guard 0 <= from, from <= to else {
      throw bad(path, "\(tensor) has impossible data offsets [\(from), \(to)]", again)
    }
    guard to <= fileBytes - dataStart else {
      throw bad(
        path,
        "\(tensor) ends at byte \(to) of the data, but the file has only \(fileBytes - dataStart): it was cut off",
        "download or copy it again")
    }
    if let bits = SafetensorsType.bits[body.type] {
      let (needed, overflow) = shape.elements.multipliedReportingOverflow(by: bits)
      guard !overflow, needed == (to - from) * 8 else {
        throw bad(
          path,
          "\(tensor) has \(to - from) bytes, but \(shape) of \(body.type) requires \(overflow ? "more than can be counted" : "\(needed / 8)")",
          again)
      }
    }
    return Entry(
      name: name, type: body.type, shape: shape, bytes: dataStart + from..<dataStart + to)
  }

  private static func checkCoverage(
    _ entries: [Entry], _ path: String, _ dataStart: Int, _ fileBytes: Int
  ) throws(Failure) {
    var end = dataStart
    var previous: Entry?
    var last: String { previous.map { "tensor '\($0.name.printable)'" } ?? "the header" }
    for entry in entries {
      guard entry.bytes.lowerBound >= end else {
        throw bad(
          path, "tensor '\(entry.name.printable)' overlaps with \(last)", again)
      }
      guard entry.bytes.lowerBound == end else {
        throw bad(
          path, "\(entry.bytes.lowerBound - end) bytes before tensor '\(entry.name.printable)' belong to no tensor",
          again)
      }
      end = entry.bytes.upperBound
      previous = entry
    }
    guard end == fileBytes else {
      throw bad(path, "\(fileBytes - end) bytes after \(last) belong to no tensor", again)
    }
  }

  private static let again = "the file is damaged; download or write it again"

  private static func bad(_ path: String, _ what: String, _ advice: String) -> Failure {
    .badInput("'\(path.printable)' \(what)", advice: advice)
  }
}

/// The element types of the format.
enum SafetensorsType {
  /// How weights of this type are decoded; nil for what holds no weights, or none that can be read.
  static func encoding(_ type: String) -> Encoding? {
    Encoding(named: type).flatMap { $0.isSafetensors ? $0 : nil }
  }

  static let bits: [String: Int] = [
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
  ]
}
