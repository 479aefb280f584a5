internal import Core
internal import Encodings
internal import Glibc
internal import System

/// Where all tensors of a store lie, in one piece: asked for one by one, HDF5 takes some 20 microseconds for
/// each, which is more than comparing a small tensor takes.
///
/// Text, every entry ended by a zero byte, which neither names nor paths hold: the fingerprint of all that
/// follows, the number of files, their paths, and for each tensor `TYPE FILE OFFSET EXTENTS NAME`, with
/// the file's number and the extents as `2x3x4`.
enum PlaceTable {
  static func encode(_ tensors: [StoredTensor]) -> [UInt8] {
    var files: [String] = []
    var numbers: [ByteString: Int] = [:]
    var lines: [UInt8] = []
    for tensor in tensors {
      let file = ByteString(tensor.file)
      let number = numbers[file] ?? files.count
      if number == files.count {
        files.append(tensor.file)
        numbers[file] = number
      }
      lines += "\(tensor.encoding.name) \(number) \(tensor.offset) ".utf8
      for (place, extent) in tensor.shape.extents.enumerated() {
        lines += (place == 0 ? "\(extent)" : "x\(extent)").utf8
      }
      lines.append(UInt8(ascii: " "))
      lines += tensor.name.utf8
      lines.append(0)
    }
    var table = Array("\(files.count)".utf8) + [0]
    for file in files { table += Array(file.utf8) + [0] }
    table += lines
    return Array(table.withUnsafeBytes { print(of: $0) }.utf8) + [0] + table
  }

  private static func print(of bytes: UnsafeRawBufferPointer) -> String {
    var print = Fingerprint()
    print.add(bytes)
    return print.text
  }

  /// - Returns: nil when the table is damaged.
  static func decode(_ table: [UInt8]) -> [StoredTensor]? {
    table.withUnsafeBytes { bytes in
      var reader = Reader(bytes)
      guard let known = reader.text(until: 0), print(of: reader.rest) == known,
        let count = reader.number(until: 0), count <= bytes.count
      else { return nil }
      var files: [String] = []
      for _ in 0..<count {
        guard let file = reader.text(until: 0) else { return nil }
        files.append(file)
      }
      var tensors: [StoredTensor] = []
      while !reader.isAtEnd {
        guard let tensor = reader.tensor(files) else { return nil }
        tensors.append(tensor)
      }
      return tensors
    }
  }

  private struct Reader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    /// The shape that was read last, which is the next one's as often as not.
    private var last: (text: UnsafeRawBufferPointer, shape: TensorShape)?

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[place...]) }

    mutating func field(until end: UInt8) -> UnsafeRawBufferPointer? {
      let rest = rest
      guard let start = rest.baseAddress, let found = memchr(start, Int32(end), rest.count) else { return nil }
      let length = UnsafeRawPointer(found) - start
      place += length + 1
      return UnsafeRawBufferPointer(rebasing: rest[..<length])
    }

    mutating func text(until end: UInt8) -> String? {
      field(until: end).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func number(until end: UInt8) -> Int? { field(until: end).flatMap { Self.number($0[...]) } }

    mutating func tensor(_ files: [String]) -> StoredTensor? {
      let space = UInt8(ascii: " ")
      guard let encoding = text(until: space).flatMap({ Encoding(named: $0) }),
        let file = number(until: space), files.indices.contains(file), let offset = number(until: space),
        let extents = field(until: space), let shape = shape(extents), let name = text(until: 0)
      else { return nil }
      guard let bytes = encoding.bytes(of: shape.elements), bytes <= Int.max - offset else { return nil }
      return StoredTensor(name: name, encoding: encoding, shape: shape, file: files[file], offset: offset)
    }

    private mutating func shape(_ text: UnsafeRawBufferPointer) -> TensorShape? {
      if let last, last.text.elementsEqual(text) { return last.shape }
      var extents: [Int] = []
      for part in text.split(separator: UInt8(ascii: "x")) {
        guard let extent = Self.number(part) else { return nil }
        extents.append(extent)
      }
      guard let shape = TensorShape(extents) else { return nil }
      last = (text, shape)
      return shape
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
      var value = 0
      for digit in digits {
        let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, isTooLargeToo) = tens.addingReportingOverflow(Int(digit) - Int(UInt8(ascii: "0")))
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit, !isTooLarge, !isTooLargeToo else { return nil }
        value = sum
      }
      return digits.isEmpty ? nil : value
    }
  }
}
