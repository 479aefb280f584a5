internal import Core
internal import Encodings
internal import Glibc
internal import System

/// How all tensors of a store are obtained, in one piece: asked for one by one, HDF5 takes some 20
/// microseconds for each, which is more than comparing a small tensor takes.
///
/// Text, every entry ended by a zero byte, which neither names nor paths hold: the fingerprint of all that
/// follows, the number of files, their paths, and for each tensor `RECIPE NAME`, or where the shape is not that of
/// a single array, `shape EXTENTS RECIPE NAME`. Extents are written as `2x3x4`. A recipe is one of
///   - `ENCODING FILE OFFSET EXTENTS`, an array, with the file's number; then, one after the other, the
///     companions that the encoding names: for each, rows and columns of its tile as `2x3`, or `t2x3` where it is stored
///     transposed, the bits of what is added to its numbers, and the array
///   - `rows FROM TO RECIPE`, `columns FROM TO RECIPE`: up to but not including TO
///   - `concatenate COUNT RECIPE RECIPE ...`
///   - `transpose RECIPE`, `turn COLUMNS RECIPE`: by blocks of so many columns
///   - `reshape COLUMNS RECIPE`: the same numbers in rows of so many columns
///   - `swap OUTER INNER RUN RECIPE`, `order COUNT SOURCE SOURCE ... RECIPE`: see `RowOrder`
package enum PlaceTable {
  static func encode(_ tensors: [StoredTensor]) -> [UInt8] {
    var writer = Writer()
    for tensor in tensors { writer.add(tensor) }
    var table = Array("\(writer.files.count)".utf8) + [0]
    for file in writer.files { table += Array(file.utf8) + [0] }
    table += writer.lines
    return Array(table.withUnsafeBytes { print(of: $0) }.utf8) + [0] + table
  }

  private struct Writer {
    private(set) var files: [String] = []
    private(set) var lines: [UInt8] = []
    private var numbers: [ByteString: Int] = [:]

    mutating func add(_ tensor: StoredTensor) {
      if case .stored(let array) = tensor.recipe, array.shape == tensor.shape {
      } else {
        lines += "shape ".utf8
        add(tensor.shape)
      }
      add(tensor.recipe)
      lines += tensor.name.utf8
      lines.append(0)
    }

    private mutating func add(_ recipe: Recipe) {
      switch recipe {
      case .stored(let array): add(array)
      case .rows(let range, let whole):
        lines += "rows \(range.lowerBound) \(range.upperBound) ".utf8
        add(whole)
      case .columns(let range, let whole):
        lines += "columns \(range.lowerBound) \(range.upperBound) ".utf8
        add(whole)
      case .concatenated(let parts):
        lines += "concatenate \(parts.count) ".utf8
        for part in parts { add(part) }
      case .transposed(let whole):
        lines += "transpose ".utf8
        add(whole)
      case .turned(let width, let whole):
        lines += "turn \(width) ".utf8
        add(whole)
      case .reshaped(let columns, let whole):
        lines += "reshape \(columns) ".utf8
        add(whole)
      case .reordered(.swapped(let outer, let inner, let run), let whole):
        lines += "swap \(outer) \(inner) \(run) ".utf8
        add(whole)
      case .reordered(.listed(let sources), let whole):
        lines += "order \(sources.count) ".utf8
        for source in sources { lines += "\(source) ".utf8 }
        add(whole)
      }
    }

    private mutating func add(_ array: StoredArray) {
      let file = ByteString(array.file)
      let number = numbers[file] ?? files.count
      if number == files.count {
        files.append(array.file)
        numbers[file] = number
      }
      lines += "\(array.encoding.name) \(number) \(array.offset) ".utf8
      add(array.shape)
      for companion in array.companions {
        let mark = companion.isTransposed ? "t" : ""
        lines += "\(mark)\(companion.tile.rows)x\(companion.tile.columns) \(companion.addend.bitPattern) ".utf8
        add(companion.array)
      }
    }

    private mutating func add(_ shape: TensorShape) {
      for (place, extent) in shape.extents.enumerated() {
        lines += (place == 0 ? "\(extent)" : "x\(extent)").utf8
      }
      lines.append(UInt8(ascii: " "))
    }
  }

  private static func print(of bytes: UnsafeRawBufferPointer) -> String {
    var print = Fingerprint()
    print.add(bytes)
    return print.text
  }

  /// - Returns: nil when the table is damaged.
  package static func decode(_ table: [UInt8]) -> [StoredTensor]? {
    table.withUnsafeBytes { bytes in
      var reader = Reader(bytes)
      guard let known = reader.text(until: 0), print(of: reader.rest) == known,
        let count = reader.number(until: 0), count <= bytes.count
      else { return nil }
      var files: [String] = []
      for _ in 0..<count {
        guard let file = reader.text(until: 0) else { return nil }
        files.append(file)
      }
      var tensors: [StoredTensor] = []
      while !reader.isAtEnd {
        guard let tensor = reader.tensor(files) else { return nil }
        tensors.append(tensor)
      }
      return tensors
    }
  }

  private struct Reader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    /// The shape that was read last, which is the next one's as often as not.
    private var last: (text: UnsafeRawBufferPointer, shape: TensorShape)?

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[place...]) }

    mutating func field(until end: UInt8) -> UnsafeRawBufferPointer? {
      let rest = rest
      guard let start = rest.baseAddress, let found = memchr(start, Int32(end), rest.count) else { return nil }
      let length = UnsafeRawPointer(found) - start
      place += length + 1
      return UnsafeRawBufferPointer(rebasing: rest[..<length])
    }

    mutating func text(until end: UInt8) -> String? {
      field(until: end).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func number(until end: UInt8) -> Int? { field(until: end).flatMap { Self.number($0[...]) } }

    mutating func tensor(_ files: [String]) -> StoredTensor? {
      guard var word = text(until: Self.space) else { return nil }
      var shape: TensorShape?
      if word == "shape" {
        shape = field(until: Self.space).flatMap { self.shape($0) }
        guard shape != nil, let next = text(until: Self.space) else { return nil }
        word = next
      }
      guard let recipe = recipe(word, files, depth: 0), let name = text(until: 0) else { return nil }
      if shape == nil, case .stored(let array) = recipe { shape = array.shape }
      guard let shape else { return nil }
      let tensor = StoredTensor(name: name, shape: shape, recipe: recipe)
      return tensor.isPossible ? tensor : nil
    }

    private static let space = UInt8(ascii: " ")

    private mutating func recipe(_ files: [String], depth: Int) -> Recipe? {
      text(until: Self.space).flatMap { recipe($0, files, depth: depth) }
    }

    /// - Parameter word: its first.
    private mutating func recipe(_ word: String, _ files: [String], depth: Int) -> Recipe? {
      guard depth < Recipe.deepest else { return nil }
      switch word {
      case "rows": return range().flatMap { range in recipe(files, depth: depth + 1).map { .rows(range, of: $0) } }
      case "columns":
        return range().flatMap { range in recipe(files, depth: depth + 1).map { .columns(range, of: $0) } }
      case "concatenate":
        guard let count = number(until: Self.space), 1...Recipe.mostArrays ~= count else { return nil }
        var parts: [Recipe] = []
        for _ in 0..<count {
          guard let part = recipe(files, depth: depth + 1) else { return nil }
          parts.append(part)
        }
        return .concatenated(parts)
      case "transpose": return recipe(files, depth: depth + 1).map { .transposed($0) }
      case "turn":
        guard let width = number(until: Self.space) else { return nil }
        return recipe(files, depth: depth + 1).map { .turned(blocks: width, of: $0) }
      case "reshape":
        guard let columns = number(until: Self.space) else { return nil }
        return recipe(files, depth: depth + 1).map { .reshaped(columns: columns, of: $0) }
      case "swap":
        guard let outer = number(until: Self.space), let inner = number(until: Self.space),
          let run = number(until: Self.space)
        else { return nil }
        return recipe(files, depth: depth + 1).map {
          .reordered(.swapped(outer: outer, inner: inner, run: run), of: $0)
        }
      case "order":
        // Each number takes two bytes at least.
        guard let count = number(until: Self.space), count <= rest.count / 2 else { return nil }
        var sources: [Int32] = []
        sources.reserveCapacity(count)
        for _ in 0..<count {
          guard let source = number(until: Self.space).flatMap({ Int32(exactly: $0) }) else { return nil }
          sources.append(source)
        }
        return recipe(files, depth: depth + 1).map { .reordered(.listed(sources), of: $0) }
      default: return array(word, files).map { .stored($0) }
      }
    }

    private mutating func range() -> Range<Int>? {
      guard let from = number(until: Self.space), let to = number(until: Self.space), from < to else { return nil }
      return from..<to
    }

    private mutating func array(_ name: String, _ files: [String], depth: Int = 0) -> StoredArray? {
      guard depth <= StoredArray.deepest, let encoding = Encoding(named: name),
        let file = number(until: Self.space), files.indices.contains(file), let offset = number(until: Self.space),
        let extents = field(until: Self.space), let shape = shape(extents)
      else { return nil }
      var array = StoredArray(encoding: encoding, shape: shape, file: files[file], offset: offset)
      for _ in encoding.companions {
        guard let companion = companion(files, depth: depth + 1) else { return nil }
        array.companions.append(companion)
      }
      return array
    }

    private mutating func companion(_ files: [String], depth: Int) -> StoredArray.Companion? {
      guard let text = field(until: Self.space) else { return nil }
      let isTransposed = text.first == UInt8(ascii: "t")
      guard let tile = shape(isTransposed ? UnsafeRawBufferPointer(rebasing: text.dropFirst()) : text), tile.rank == 2,
        let bits = number(until: Self.space).flatMap({ UInt32(exactly: $0) }),
        let array = self.text(until: Self.space).flatMap({ self.array($0, files, depth: depth) })
      else { return nil }
      return StoredArray.Companion(
        array, tile: EncodedBlocks.Tile(rows: tile.extents[0], columns: tile.extents[1]),
        addend: Float(bitPattern: bits), isTransposed: isTransposed)
    }

    private mutating func shape(_ text: UnsafeRawBufferPointer) -> TensorShape? {
      if let last, last.text.elementsEqual(text) { return last.shape }
      var extents: [Int] = []
      for part in text.split(separator: UInt8(ascii: "x")) {
        guard let extent = Self.number(part) else { return nil }
        extents.append(extent)
      }
      guard let shape = TensorShape(extents) else { return nil }
      last = (text, shape)
      return shape
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
      var value = 0
      for digit in digits {
        let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, isTooLargeToo) = tens.addingReportingOverflow(Int(digit) - Int(UInt8(ascii: "0")))
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit, !isTooLarge, !isTooLargeToo else { return nil }
        value = sum
      }
      return digits.isEmpty ? nil : value
    }
  }
}
