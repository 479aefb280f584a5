internal import Glibc

/// The folders that a search may move in: those that somebody gave, and those that links of theirs led to. Links in the
/// folder of a model are its author's, who has no say in what else of the disk is searched.
struct GivenFolders {
  /// Real paths, as bytes, without a slash at their ends.
  private var roots: [[UInt8]] = []

  mutating func add(_ path: String) {
    if let root = Self.real(path) { roots.append(root) }
  }

  /// Does the path lead into one of them, after following all links?
  func contain(_ path: String) -> Bool {
    guard let real = Self.real(path) else { return false }
    return roots.contains { real.starts(with: $0) && (real.count == $0.count || real[$0.count] == UInt8(ascii: "/")) }
  }

  /// Where a path leads, for messages.
  static func target(of path: String) -> String {
    real(path).map { $0.isEmpty ? "/" : String(decoding: $0, as: UTF8.self) } ?? path
  }

  private static func real(_ path: String) -> [UInt8]? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    let bytes = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    return bytes == [UInt8(ascii: "/")] ? [] : bytes
  }
}
