internal import Core
internal import System

/// Names a canonical tensor in 64 bits.
enum TensorKey {
  static func of(_ name: String, _ shape: TensorShape, isTable: Bool) -> UInt64 {
    let extents = isTable ? Array(shape.extents.dropFirst()) : shape.extents
    var print = Fingerprint()
    print.add("\(name)\u{0}\(isTable ? "table " : "")\(extents)")
    // FNV leaves its upper bits uneven, and the least keys are chosen.
    var random = RandomStream(seed: print.value)
    return random.next()
  }

  /// Bytes of a name that are kept.
  static let longestName = 96

  /// A name of bounded length that differs for different names.
  static func bounded(_ name: String) -> String {
    guard name.utf8.count > longestName else { return name }
    // Cut between characters; the end of a name says what a tensor is.
    var tail = Substring(name)
    while tail.utf8.count > longestName - 24 { tail = tail.dropFirst() }
    return "~\(Fingerprint(of: name.utf8).text)~\(tail)"
  }
}
