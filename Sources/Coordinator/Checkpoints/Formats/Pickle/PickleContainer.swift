/// What the constructors of plain containers make, without calling them.
enum PickleContainer {
  case dictionary([(key: PickleValue, value: PickleValue)])
  case list([PickleValue])
  /// The container that was given to the constructor will do.
  case same(PickleValue)

  /// - Parameters:
  ///   - constructor: what the pickle would call.
  ///   - arguments: what it would call it with.
  /// - Returns: nil for what makes no plain container.
  init?(_ constructor: PickleGlobal, _ arguments: ArraySlice<PickleValue>, in heap: PickleHeap) {
    let first = arguments.first
    switch constructor.description {
    case "collections.OrderedDict", "builtins.dict", "__builtin__.dict", "collections.Counter":
      if let entries = first.flatMap({ heap.entries($0) }) {
        self = .dictionary(entries)
        return
      }
      // Python 2 lists the pairs.
      let pairs = first.flatMap { heap.items($0) } ?? []
      self = .dictionary(
        pairs.compactMap { pair in
          guard let pair = heap.items(pair), pair.count == 2 else { return nil }
          return (pair[pair.startIndex], pair[pair.startIndex + 1])
        })
    case "collections.defaultdict":
      self = .dictionary(arguments.dropFirst().first.flatMap { heap.entries($0) } ?? [])
    case "torch.Size", "builtins.tuple", "__builtin__.tuple":
      guard arguments.count == 1, let first, heap.items(first) != nil else { return nil }
      self = .same(first)
    case "builtins.set", "builtins.frozenset", "builtins.list", "__builtin__.set", "__builtin__.frozenset",
      "__builtin__.list", "collections.deque":
      guard let first else {
        self = .list([])
        return
      }
      guard heap.items(first) != nil else { return nil }
      self = .same(first)
    default: return nil
    }
  }
}
