internal import Glibc
internal import System

/// The names in a folder as the file system keeps them: bytes, which mostly but not always are UTF-8.
struct FolderListing {
  /// In alphabetical order.
  let names: [String]
  /// Names that are not UTF-8, with escapes for the bytes that cannot be shown. Nothing can be opened by them.
  let illegible: [String]

  /// - Throws: `Failure` (bad input) when the folder cannot be listed.
  init(path: String) throws(Failure) {
    guard let folder = opendir(path) else { throw Self.failure(path, errno) }
    defer { closedir(folder) }
    var names: [String] = []
    var illegible: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = Self.bytes(of: entry)
      guard name != [UInt8(ascii: ".")], name != [UInt8(ascii: "."), UInt8(ascii: ".")] else { continue }
      if let text = String(validating: name, as: UTF8.self) {
        names.append(text)
      } else {
        illegible.append(Self.escaped(name))
      }
    }
    guard errno == 0 else { throw Self.failure(path, errno) }
    self.names = names.sorted()
    self.illegible = illegible.sorted()
  }

  private static func bytes(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    guard let start = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    let name = UnsafeRawPointer(entry) + start
    return Array(UnsafeRawBufferPointer(start: name, count: strlen(name.assumingMemoryBound(to: CChar.self))))
  }

  /// Plain ASCII as it is, everything else as `\xNN`.
  private static func escaped(_ name: [UInt8]) -> String {
    name.map { byte in
      guard !(0x20..<0x7f ~= byte) || byte == UInt8(ascii: "\\") else { return String(Unicode.Scalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: true)
      return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }

  private static func failure(_ path: String, _ code: Int32) -> Failure {
    .badInput(
      "cannot list the folder '\(path.printable)': \(String(cString: strerror(code)))",
      advice: "check that it exists and may be read")
  }
}
