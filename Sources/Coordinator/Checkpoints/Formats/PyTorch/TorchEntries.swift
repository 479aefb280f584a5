internal import Core
internal import Encodings
internal import Storage
internal import System

/// The tensors of a PyTorch file as entries: each view of a storage as a recipe for its bytes.
struct TorchEntries {
  /// Where the bytes of a storage are.
  enum Place {
    case bytes(Range<Int>)
    /// There, but not as they are: why, to follow "it ".
    case unread(String)
    case missing
  }

  private(set) var entries: [CheckpointEntry] = []

  /// - Parameter place: where the bytes of a storage are, by its key.
  /// - Throws: `Failure` (bad input) for a tensor that reaches beyond its storage, or whose storage is missing.
  init(
    _ tensors: [StateDictionary.Tensor], path: String, place: (String) throws(Failure) -> Place
  ) throws(Failure) {
    var order: [(start: Int, entry: CheckpointEntry)] = []
    order.reserveCapacity(tensors.count)
    for tensor in tensors {
      switch tensor.found {
      case .tensor(let view): order.append(try Self.entry(tensor.name, view, path, place))
      case .array(let array): order.append(try Self.entry(tensor.name, array, path))
      case .unread(let type, let extents, let why):
        let shape = TensorShape(extents) ?? .scalar
        order.append((.max, CheckpointEntry(name: tensor.name, type: type, shape: shape, content: .unread(why))))
      }
    }
    // Stable for tied tensors, which start at the same byte.
    entries = order.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
      .map(\.element.entry)
  }

  private static func entry(
    _ name: String, _ view: TorchTensor, _ path: String, _ place: (String) throws(Failure) -> Place
  ) throws(Failure) -> (Int, CheckpointEntry) {
    guard let shape = TensorShape(view.extents) else {
      throw bad(path, name, "has an impossible shape \(view.extents)")
    }
    func entry(_ start: Int, _ content: CheckpointEntry.Content) -> (Int, CheckpointEntry) {
      (start, CheckpointEntry(name: name, type: view.type.name, shape: shape, content: content))
    }
    guard !view.isMeta else { return entry(.max, .unread("it is on the meta device, which keeps no values")) }
    guard shape.elements > 0 else { return entry(.max, .unread("it is empty")) }
    let bytes: Range<Int>
    switch try place(view.storage) {
    case .bytes(let range): bytes = range
    case .unread(let why): return entry(.max, .unread("it \(why)"))
    case .missing:
      throw bad(path, name, "lies in the storage '\(view.storage.printable)', which is not in the file")
    }
    let count = min(bytes.count, view.storageBytes) / view.type.bytes
    guard let last = StridedLayout.last(view.extents, strides: view.strides, offset: view.offset), last < count else {
      throw bad(
        path, name,
        "of \(shape) with the strides \(view.strides) from element \(view.offset) on reaches beyond its storage '\(view.storage.printable)' of \(count) elements"
      )
    }
    let start = bytes.lowerBound + view.offset * view.type.bytes
    if let obstacle = view.obstacle { return entry(start, .unread(obstacle)) }
    guard let encoding = view.type.encoding else {
      guard shape.elements == last - view.offset + 1 else {
        return entry(start, .unread("it holds no weights that can be read"))
      }
      return entry(
        start, .packed(StoredBytes(file: path, range: start..<start + shape.elements * view.type.bytes)))
    }
    let memory = StridedLayout.Memory(encoding: encoding, file: path, start: bytes.lowerBound, count: count)
    guard let recipe = StridedLayout.recipe(view.extents, strides: view.strides, offset: view.offset, in: memory) else {
      return entry(start, .unread("its elements lie with the strides \(view.strides), which are not read"))
    }
    return entry(start, .recipe(recipe))
  }

  private static func entry(_ name: String, _ array: TorchPickle.PickledArray, _ path: String) throws(Failure) -> (
    Int, CheckpointEntry
  ) {
    guard let shape = TensorShape(array.extents) else {
      throw bad(path, name, "has an impossible shape \(array.extents)")
    }
    let content: CheckpointEntry.Content
    if let bytes = array.bytes {
      content = try NumpyArray.content(
        type: array.type, shape: shape, isFortranOrdered: array.isFortranOrdered, file: path, bytes: bytes, name: name)
    } else {
      content = .unread("its numbers are written as text")
    }
    return (
      array.bytes?.lowerBound ?? .max, CheckpointEntry(name: name, type: array.type, shape: shape, content: content)
    )
  }

  private static func bad(_ path: String, _ name: String, _ what: String) -> Failure {
    .badInput(
      "'\(path.printable)': tensor '\(name.printable)' \(what)",
      advice: "the file is damaged; download or write it again")
  }
}
