/// The values of a pickle.
package struct PickleHeap: Sendable {
  package internal(set) var texts: [String] = []
  /// Text or bytes of Python 2, and where they are in the file.
  package internal(set) var strings: [(text: String?, place: Range<Int>)] = []
  /// Where bytes are in the file.
  package internal(set) var bytes: [Range<Int>] = []
  /// Items of all tuples, one after the other.
  private(set) var tupleItems: [PickleValue] = []
  private(set) var tuples: [Range<Int>] = []
  package internal(set) var lists: [[PickleValue]] = []
  package internal(set) var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  package internal(set) var globals: [PickleGlobal] = []
  package internal(set) var objects: [PickleObject] = []
  package internal(set) var persistents: [PickleValue] = []

  mutating func addTuple(_ items: some Collection<PickleValue>) -> PickleValue {
    let start = tupleItems.count
    tupleItems += items
    tuples.append(start..<tupleItems.count)
    return .tuple(tuples.count - 1)
  }

  /// The items of a tuple or list; nil for anything else.
  package func items(_ value: PickleValue) -> ArraySlice<PickleValue>? {
    switch value {
    case .tuple(let number): tupleItems[tuples[number]]
    case .list(let number): lists[number][...]
    default: nil
    }
  }

  package func text(_ value: PickleValue) -> String? {
    switch value {
    case .text(let number): texts[number]
    case .string(let number): strings[number].text
    default: nil
    }
  }

  package func place(ofBytes value: PickleValue) -> Range<Int>? {
    switch value {
    case .bytes(let number): bytes[number]
    case .string(let number): strings[number].place
    default: nil
    }
  }

  package func global(_ value: PickleValue) -> PickleGlobal? {
    if case .global(let number) = value { globals[number] } else { nil }
  }

  package func object(_ value: PickleValue) -> PickleObject? {
    if case .object(let number) = value { objects[number] } else { nil }
  }

  /// The whole numbers of a tuple or list; nil when there are other things among them, or more than `most`.
  package func integers(_ value: PickleValue, atMost most: Int = .max) -> [Int]? {
    guard let items = items(value), items.count <= most else { return nil }
    var numbers: [Int] = []
    numbers.reserveCapacity(items.count)
    for case let item in items {
      guard case .int(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// The entries of a dictionary, or of an object that is one.
  package func entries(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
    switch value {
    case .dictionary(let number): dictionaries[number]
    case .object(let number): objects[number].dictionary.map { dictionaries[$0] }
    default: nil
    }
  }

  /// The value of a key that is a text; the last one, as in Python.
  package func value(of key: String, in dictionary: PickleValue) -> PickleValue? {
    entries(dictionary)?.last { text($0.key) == key }?.value
  }
}
