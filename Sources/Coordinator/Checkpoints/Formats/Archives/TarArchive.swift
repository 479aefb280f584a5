package import Storage
package import System

/// The members of a tar archive (POSIX.1-1988, ustar), in order. Nothing is unpacked.
package struct TarArchive {
  package struct Member {
    package var name: String
    package var place: Range<Int>
  }

  package let members: [Member]

  private static let block = 512
  private static let mostMembers = 1 << 16

  /// The mark stands at byte 257.
  package static func recognizes(_ head: [UInt8]) -> Bool {
    head.count >= 262 && head[257...].starts(with: "ustar".utf8)
  }

  package init(_ file: WeightFile, fileBytes: Int) throws(Failure) {
    var cursor = FileCursor(file, range: 0..<fileBytes, limit: Self.mostMembers * Self.block)
    var members: [Member] = []
    while cursor.left >= Self.block {
      let header = try cursor.bytes(Self.block)
      guard header.contains(where: { $0 != 0 }) else { break }
      guard Self.recognizes(header), let size = Self.octal(header[124..<136]) else {
        throw cursor.bad("is a tar archive with a damaged header")
      }
      guard members.count < Self.mostMembers else {
        throw cursor.bad("is a tar archive of more than \(Self.mostMembers) files")
      }
      let place = try cursor.skip(size)
      members.append(Member(name: String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self), place: place))
      _ = try cursor.skip(min(cursor.left, (Self.block - size % Self.block) % Self.block))
    }
    self.members = members
  }

  package subscript(_ name: String) -> Range<Int>? {
    members.first { $0.name == name || $0.name == "./\(name)" }?.place
  }

  private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits where digit != 0 && digit != UInt8(ascii: " ") {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit, value <= Int.max >> 4 else { return nil }
      value = value << 3 | Int(digit - UInt8(ascii: "0"))
    }
    return value
  }
}
