internal import Storage
internal import System

/// The form of PyTorch files of before 2017: a tar archive of `storages`, `tensors` and `pickle`.
enum TorchTar {
  static func read(_ file: WeightFile, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    let archive = try TarArchive(file, fileBytes: source.bytes)
    guard let storages = archive["storages"], let tensors = archive["tensors"], let object = archive["pickle"] else {
      let isNemo = archive.members.contains { $0.name.hasSuffix("model_config.yaml") }
      let names = archive.members.prefix(3).map { "'\($0.name.printable)'" }.joined(separator: ", ")
      throw .badInput(
        "'\(source.path.printable)' is a tar archive\(isNemo ? " of NeMo" : "") with \(names), which is not read",
        advice: "unpack it (tar -xf) and give the checkpoint in it")
    }
    func cursor(_ range: Range<Int>) -> FileCursor {
      FileCursor(file, range: range, limit: PyTorchReader.largestPickle)
    }
    var reading = cursor(storages)
    let places = try Self.storages(&reading)
    reading = cursor(tensors)
    let numbered = try Self.tensors(&reading, places)
    reading = cursor(object)
    var pickle = TorchPickle(try PickleReader.read(&reading), path: source.path)
    pickle.numbered = numbered
    let dictionary = try StateDictionary(pickle)
    let entries = try TorchEntries(dictionary.tensors, path: source.path) { key throws(Failure) in
      places[key].map { .bytes($0.place) } ?? .missing
    }
    return try PyTorchReader.checkpoint(dictionary, entries, source)
  }

  private typealias Places = [String: (place: Range<Int>, type: TorchType)]

  /// A pickle of their number; for each a pickle (key, location, class), the number of elements in 8 bytes, and the
  /// elements; then a pickle of views (key, key of the whole, offset, count).
  private static func storages(_ cursor: inout FileCursor) throws(Failure) -> Places {
    var places: Places = [:]
    for _ in 0..<(try number(&cursor)) {
      let (root, heap) = try PickleReader.read(&cursor)
      guard let items = heap.items(root).map(Array.init), items.count == 3, let key = key(items[0], heap),
        let type = heap.global(items[2]).flatMap({ TorchType(storage: $0.name) })
      else { throw cursor.bad("has a damaged list of storages") }
      let count = try cursor.count()
      let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: type.bytes)
      guard !isTooLarge, bytes <= cursor.left else {
        throw cursor.bad(
          "has a storage '\(key.printable)' of \(count) elements, but only \(cursor.left) bytes follow: it was cut off")
      }
      places[key] = (try cursor.skip(bytes), type)
    }
    let (views, heap) = try PickleReader.read(&cursor)
    for view in heap.items(views) ?? [] {
      guard let items = heap.items(view).map(Array.init), items.count == 4, let target = key(items[0], heap),
        let root = key(items[1], heap), let whole = places[root], case .int(let offset) = items[2],
        case .int(let count) = items[3], 0...(whole.place.count / whole.type.bytes) ~= offset,
        0...(whole.place.count / whole.type.bytes - offset) ~= count
      else { throw cursor.bad("has a damaged list of views of storages") }
      let start = whole.place.lowerBound + offset * whole.type.bytes
      places[target] = (start..<start + count * whole.type.bytes, whole.type)
    }
    return places
  }

  /// A pickle of their number; for each a pickle (key, key of the storage, class), the number of dimensions in 8
  /// bytes, extents, strides and the offset in 8 bytes each.
  private static func tensors(_ cursor: inout FileCursor, _ places: Places) throws(Failure) -> [String: TorchTensor] {
    var tensors: [String: TorchTensor] = [:]
    for _ in 0..<(try number(&cursor)) {
      let (root, heap) = try PickleReader.read(&cursor)
      guard let items = heap.items(root).map(Array.init), items.count == 3, let key = key(items[0], heap),
        let storage = Self.key(items[1], heap), let whole = places[storage]
      else { throw cursor.bad("has a damaged list of tensors") }
      let rank = Int(try cursor.number(UInt32.self))
      _ = try cursor.skip(4)
      guard rank <= 32 else { throw cursor.bad("has a tensor of \(rank) dimensions") }
      var numbers: [Int] = []
      for _ in 0..<(2 * rank + 1) { numbers.append(try cursor.count()) }
      tensors[key] = TorchTensor(
        storage: storage, type: whole.type, storageBytes: whole.place.count, offset: numbers[2 * rank],
        extents: Array(numbers[..<rank]), strides: Array(numbers[rank..<2 * rank]))
    }
    return tensors
  }

  private static func number(_ cursor: inout FileCursor) throws(Failure) -> Int {
    // Each takes some bytes.
    guard case .int(let count) = try PickleReader.read(&cursor).root, 0...max(0, cursor.left) ~= count else {
      throw cursor.bad("announces an impossible number of storages or tensors")
    }
    return count
  }

  private static func key(_ value: PickleValue, _ heap: PickleHeap) -> String? {
    if case .int(let number) = value { "\(number)" } else { heap.text(value) }
  }
}
