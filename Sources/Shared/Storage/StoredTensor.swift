package import Core
package import Encodings

/// A canonical tensor of a model: its shape, and how its numbers are obtained from what is stored.
package struct StoredTensor: Sendable, Hashable {
  package var name: String
  package var shape: TensorShape
  package var recipe: Recipe

  /// - Parameter recipe: of as many numbers as the shape has; row-major, they are the tensor's.
  package init(name: String, shape: TensorShape, recipe: Recipe) {
    self.name = name
    self.shape = shape
    self.recipe = recipe
  }

  /// A tensor that is stored as it is.
  ///
  /// - Parameter file: the original file, or the store itself.
  package init(name: String, encoding: Encoding, shape: TensorShape, file: String, offset: Int) {
    self.init(
      name: name, shape: shape,
      recipe: .stored(StoredArray(encoding: encoding, shape: shape, file: file, offset: offset)))
  }

  /// Is the recipe possible, and does it make as many numbers as the shape has?
  package var isPossible: Bool {
    guard let size = recipe.size else { return false }
    let (elements, isTooLarge) = size.rows.multipliedReportingOverflow(by: size.columns)
    return !isTooLarge && elements == shape.elements
  }

  /// Some of its rows; the tensor itself where that is all of them.
  ///
  /// - Parameters:
  ///   - first: row.
  ///   - part: shape of the part, whose rows are its outermost extent.
  /// - Returns: nil where the tensor has no such rows.
  package func part(from first: Int, shape part: TensorShape) -> StoredTensor? {
    if first == 0, part == shape { return self }
    guard first >= 0, let all = shape.extents.first, let rows = part.extents.first, rows > 0, rows <= all - first,
      part.extents.dropFirst() == shape.extents.dropFirst(), recipe.size?.rows == all
    else { return nil }
    return StoredTensor(name: name, shape: part, recipe: .rows(first..<first + rows, of: recipe))
  }

  /// What is read for it, in bytes, by encoding; companions count with what they belong to.
  package var bytesByEncoding: [Encoding: Int] {
    var bytes: [Encoding: Int] = [:]
    if case .stored(let array) = recipe {
      return [array.encoding: array.bytesWithCompanions]
    }
    recipe.forEachArray { array, count in
      let own = array.encoding.bytes(of: count) ?? array.bytes
      bytes[array.encoding, default: 0] += array.companions.reduce(own) { $0 + $1.array.bytesWithCompanions }
    }
    return bytes
  }

  /// What is read for it, in bytes.
  package var bytes: Int {
    if case .stored(let array) = recipe, array.companions.isEmpty { return array.bytes }
    return bytesByEncoding.values.reduce(0, +)
  }

  /// How its weights are stored, the encoding with most bytes first.
  package var encodings: [Encoding] {
    if case .stored(let array) = recipe { return [array.encoding] }
    return bytesByEncoding.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }.map(\.key)
  }

  /// What its rows consist of in memory: what is stored where that is plain and of one type.
  package var elementType: ElementType {
    if case .stored(let array) = recipe { return array.encoding.elementType }
    let types = Set(encodings.map(\.elementType))
    if types.count == 1, let only = types.first { return only }
    return types.contains(.f64) ? .f64 : .f32
  }

  /// `Encoding.collinearity` of the coarsest of its encodings.
  package var collinearity: Double { encodings.map(\.collinearity).max() ?? 0 }

  /// The arrays that it is made from, companions too.
  package var arrays: [StoredArray] {
    if case .stored(let array) = recipe { return array.all }
    var arrays: [StoredArray] = []
    recipe.forEachArray { array, _ in arrays += array.all }
    return arrays
  }

  /// The files that hold its weights, each once.
  package var files: [String] {
    if case .stored(let array) = recipe, array.companions.isEmpty { return [array.file] }
    var files: [String] = []
    for array in arrays where !files.contains(where: { $0.utf8.elementsEqual(array.file.utf8) }) {
      files.append(array.file)
    }
    return files
  }

  /// Where its rows lie as the kernels take them, in one piece; nil when they must be decoded or put together.
  package var plainPlace: (file: String, offset: Int)? {
    guard let (array, start) = recipe.span, array.encoding.isPlain else { return nil }
    return (array.file, array.offset + start * array.encoding.blockBytes)
  }

  /// What reading it takes beside its rows, in bytes.
  package var readingBytes: Int {
    guard plainPlace == nil else { return 0 }
    let hasCompanions = encodings.contains { !$0.companions.isEmpty }
    return SegmentReader.memoryBytes + (hasCompanions ? SegmentReader.companionBytes : 0)
  }

  /// How it is stored, in words: the encoding, or for a tensor that is put together all of the recipe. The
  /// same for the same model, wherever its files lie.
  package var storage: String {
    if case .stored(let array) = recipe, array.shape == shape { return array.encoding.name }
    return "\(recipe.mapFiles { _ in "" })"
  }
}
