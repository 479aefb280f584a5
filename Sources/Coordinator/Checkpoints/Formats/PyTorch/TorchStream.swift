internal import Storage
internal import System

/// The form of PyTorch files before 1.6: pickles of a magic number, the protocol, the machine, the object and the keys
/// of its storages; then for each key the number of its elements, in 8 bytes, and the elements.
///
/// A pickle that does not begin with the magic number is read as one object, whose arrays lie within it.
enum TorchStream {
  /// 0x1950a86a20f9469cfc6c as a pickle.
  static let magic: [UInt8] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
  /// The same as the protocols 0 and 1 write it: they have no mark of their own.
  static let textMagic = Array("L119547037146038801333356L\n.".utf8)
  private static let version = 1001

  static func read(_ file: WeightFile, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    var cursor = FileCursor(file, range: 0..<source.bytes, limit: PyTorchReader.largestPickle)
    // The magic number is the only one of its length; the version follows.
    guard case .hugeInt = try PickleReader.read(&cursor).root else { return try readBare(file, source) }
    guard case .int(version) = try PickleReader.read(&cursor).root else {
      throw cursor.bad("is a PyTorch file of an unknown version, expected \(version)")
    }
    let machine = try PickleReader.read(&cursor)
    if case .bool(false) = machine.heap.value(of: "little_endian", in: machine.root) {
      throw .badInput(
        "'\(source.path.printable)' holds big-endian numbers, which are not read",
        advice: "load it with PyTorch on any machine and save it again")
    }
    let pickle = TorchPickle(try PickleReader.read(&cursor), path: source.path)
    let keys = try PickleReader.read(&cursor)
    let places = try storages(
      (keys.heap.items(keys.root) ?? []).map { keys.heap.text($0) ?? "" }, sizes(pickle), &cursor)
    let dictionary = try StateDictionary(pickle)
    let entries = try TorchEntries(dictionary.tensors, path: source.path) { key throws(Failure) in
      places[key].map { .bytes($0) } ?? .missing
    }
    return try PyTorchReader.checkpoint(dictionary, entries, source)
  }

  private static func readBare(_ file: WeightFile, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    var cursor = FileCursor(file, range: 0..<source.bytes, limit: PyTorchReader.largestPickle)
    let pickle = TorchPickle(try PickleReader.read(&cursor), path: source.path)
    let dictionary = try StateDictionary(pickle)
    let entries = try TorchEntries(dictionary.tensors, path: source.path) { _ in .missing }
    return try PyTorchReader.checkpoint(dictionary, entries, source)
  }

  /// Bytes of an element of each storage, by key.
  private static func sizes(_ pickle: TorchPickle) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for id in pickle.heap.persistents {
      guard let storage = pickle.storage(id) else { continue }
      sizes[storage.key] = storage.type?.bytes ?? 1
    }
    return sizes
  }

  private static func storages(_ keys: [String], _ sizes: [String: Int], _ cursor: inout FileCursor) throws(Failure)
    -> [String: Range<Int>]
  {
    var places: [String: Range<Int>] = [:]
    for key in keys {
      let count = try cursor.count()
      guard let size = sizes[key] else { throw cursor.bad("has a storage '\(key.printable)' that no tensor lies in") }
      let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: size)
      guard !isTooLarge, bytes <= cursor.left else {
        throw cursor.bad(
          "has a storage '\(key.printable)' of \(count) elements, but only \(cursor.left) bytes follow: it was cut off")
      }
      places[key] = try cursor.skip(bytes)
    }
    return places
  }
}
