internal import Encodings
internal import System

/// What the header of a group or dataset of an HDF5 file says, in the messages that matter here.
struct HDF5Object {
  struct Link {
    var name: String
    /// Where the header of what it leads to is.
    var header: Int
  }

  enum Layout {
    case compact
    /// nil for a dataset that was never written.
    case contiguous(Int?, bytes: Int)
    case chunked
    case other
  }

  private(set) var links: [Link] = []
  /// Are there links in an index that is not read?
  private(set) var hasIndexedLinks = false
  /// Where the tree and the heap of a group of the old kind are.
  private(set) var symbols: (tree: Int, heap: Int)?
  private(set) var attributes: [String] = []
  /// Extents; nil for none at all.
  private(set) var extents: [Int]?
  private(set) var type: (name: String, encoding: Encoding?)?
  private(set) var layout: Layout?
  private(set) var isFiltered = false
  private(set) var isExternal = false

  private static let mostBlocks = 1 << 12
  private static let largestBlock = 16 << 20

  init(_ file: inout HDF5Bytes, at header: Int) throws(Failure) {
    let start = try file.bytes(at: header, 6)
    var blocks: [(from: Int, to: Int)]
    let prefix: Int
    if start.starts(with: "OHDR".utf8) {
      guard start[4] == 2 else { throw file.bad("has an object of an unknown version") }
      let flags = start[5]
      let place = header + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
      let width = 1 << Int(flags & 3)
      let size = try file.number(at: place, width)
      blocks = [(place + width, try Self.end(place + width, size, file))]
      prefix = flags & 4 != 0 ? 6 : 4
    } else {
      guard start[0] == 1 else { throw file.bad("has an object of an unknown version") }
      blocks = [(header + 16, try Self.end(header + 16, try file.number(at: header + 8, 4), file))]
      prefix = 8
    }
    var next = 0
    while next < blocks.count {
      guard next < Self.mostBlocks else { throw file.bad("has an object in too many pieces") }
      let block = try file.bytes(at: blocks[next].from, blocks[next].to - blocks[next].from)
      next += 1
      var place = 0
      while place + prefix <= block.count {
        let kind = prefix == 8 ? Int(block[place]) | Int(block[place + 1]) << 8 : Int(block[place])
        let sizePlace = place + (prefix == 8 ? 2 : 1)
        let size = Int(block[sizePlace]) | Int(block[sizePlace + 1]) << 8
        let isShared = block[sizePlace + 2] & 2 != 0
        let content = place + prefix
        guard size <= block.count - content else { break }
        let message = Array(block[content..<content + size])
        place = content + size
        if kind == 0x10 {
          guard message.count >= 16, let from = Self.number(message[..<8]), let size = Self.number(message[8..<16])
          else {
            throw file.bad("has a damaged object")
          }
          let end = try Self.end(from, size, file)
          guard prefix == 8 || end - from >= 8 else { throw file.bad("has a damaged object") }
          // `OCHK` in front and a checksum behind in the newer form.
          blocks.append(prefix == 8 ? (from, end) : (from + 4, end - 4))
        } else if !isShared {
          try take(kind, message, file)
        }
      }
    }
  }

  private static func end(_ from: Int, _ size: Int, _ file: HDF5Bytes) throws(Failure) -> Int {
    guard from >= 0, from <= file.count, size <= min(largestBlock, file.count - from) else {
      throw file.bad("has an object that reaches beyond its end")
    }
    return from + size
  }

  private mutating func take(_ kind: Int, _ message: [UInt8], _ file: HDF5Bytes) throws(Failure) {
    switch kind {
    case 0x01: extents = Self.extents(message)
    case 0x02:
      // Version, flags, the largest number of creation, then where the heap of links is.
      guard message.count >= 2 else { return }
      let place = 2 + (message[1] & 1 != 0 ? 8 : 0)
      guard message.count >= place + 8 else { return }
      hasIndexedLinks = !message[place..<place + 8].allSatisfy { $0 == 0xff }
    case 0x03: type = Self.type(message)
    case 0x06: if let link = Self.link(message) { links.append(link) }
    case 0x07: isExternal = true
    case 0x08: layout = Self.layout(message)
    case 0x0b: isFiltered = message.count > 1 && message[1] > 0
    case 0x0c: if let name = Self.attribute(message) { attributes.append(name) }
    case 0x11:
      guard message.count >= 16, let tree = Self.number(message[..<8]), let heap = Self.number(message[8..<16]) else {
        throw file.bad("has a damaged group")
      }
      symbols = (tree, heap)
    default: break
    }
  }

  /// nil when it is more than any file has, as the mark of an undefined address is.
  static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private static func extents(_ message: [UInt8]) -> [Int]? {
    guard message.count >= 4, case let rank = Int(message[1]), rank <= 32 else { return nil }
    let start: Int
    switch message[0] {
    case 1: start = 8
    case 2 where message[3] != 2: start = 4
    default: return nil
    }
    guard message.count >= start + 8 * rank else { return nil }
    var extents: [Int] = []
    for axis in 0..<rank {
      guard let extent = number(message[(start + 8 * axis)..<(start + 8 * axis + 8)]) else { return nil }
      extents.append(extent)
    }
    return extents
  }

  private static func type(_ message: [UInt8]) -> (String, Encoding?)? {
    guard message.count >= 8, let size = number(message[4..<8]) else { return nil }
    switch message[0] & 15 {
    case 0: return ("int\(8 * size)", nil)
    case 1:
      guard message.count >= 20 else { return nil }
      // Little-endian, without padding; then where exponent and fraction are, and the bias.
      let isPlain = message[1] & 0x41 == 0 && number(message[8..<10]) == 0 && number(message[10..<12]) == 8 * size
      let form = message[12..<16].map { Int($0) } + [number(message[16..<20]) ?? 0]
      let encodings: [[Int]: Encoding] = [
        [52, 11, 0, 52, 1023]: .f64, [23, 8, 0, 23, 127]: .f32, [10, 5, 0, 10, 15]: .f16, [7, 8, 0, 7, 127]: .bf16,
      ]
      guard isPlain, let encoding = encodings[form], encoding.blockBytes == size else {
        return ("float\(8 * size)", nil)
      }
      return (encoding.name, encoding)
    case 3, 9: return ("text", nil)
    default: return ("other", nil)
    }
  }

  /// A hard link; nil for links by name, which are not followed.
  private static func link(_ message: [UInt8]) -> Link? {
    guard message.count > 2, message[0] == 1 else { return nil }
    let flags = message[1]
    var place = 2
    if flags & 8 != 0 {
      guard message[place] == 0 else { return nil }
      place += 1
    }
    if flags & 4 != 0 { place += 8 }
    if flags & 16 != 0 { place += 1 }
    let width = 1 << Int(flags & 3)
    guard message.count >= place + width, let length = number(message[place..<place + width]) else { return nil }
    place += width
    guard length <= message.count - place - 8, let header = number(message[(place + length)..<(place + length + 8)])
    else {
      return nil
    }
    return Link(name: String(decoding: message[place..<place + length], as: UTF8.self), header: header)
  }

  private static func layout(_ message: [UInt8]) -> Layout {
    guard message.count >= 2, 3...5 ~= message[0] else { return .other }
    switch message[1] {
    case 0: return .compact
    case 1:
      guard message.count >= 18, let bytes = number(message[10..<18]) else { return .other }
      return .contiguous(number(message[2..<10]), bytes: bytes)
    case 2: return .chunked
    default: return .other
    }
  }

  /// The name of an attribute.
  private static func attribute(_ message: [UInt8]) -> String? {
    guard message.count > 9, 1...3 ~= message[0], let size = number(message[2..<4]) else { return nil }
    let start = message[0] == 3 ? 9 : 8
    guard message.count >= start + size else { return nil }
    return String(decoding: message[start..<start + size].prefix { $0 != 0 }, as: UTF8.self)
  }
}
