internal import Core
internal import Encodings
internal import Storage
internal import System

/// How the tensors of one store are obtained, in little memory: hundreds of models have thousands of them each.
struct TensorIndex {
  /// What many tensors of a store have in common.
  private struct Kind: Equatable {
    var encoding: Encoding
    var shape: TensorShape
    var file: ByteString
    var path: String
  }

  private struct Place {
    var offset: Int
    var kind: Int32
  }

  /// Tensors that are arrays of their own, as nearly all are.
  private var places: [Int32: Place] = [:]
  private var kinds: [Kind] = []
  private var numbers: [TensorShape: [Int32]] = [:]
  private var others: [Int32: StoredTensor] = [:]

  var count: Int { places.count + others.count }

  /// - Parameter number: of the tensor's name.
  mutating func add(_ tensor: StoredTensor, _ number: Int32) {
    if case .stored(let array) = tensor.recipe, array.companions.isEmpty, array.shape == tensor.shape {
      places[number] = Place(offset: array.offset, kind: kind(of: array))
    } else {
      others[number] = tensor
    }
  }

  /// - Parameter number: of the name.
  func tensor(_ name: String, _ number: Int32) -> StoredTensor? {
    guard let place = places[number] else { return others[number] }
    let kind = kinds[Int(place.kind)]
    return StoredTensor(
      name: name, encoding: kind.encoding, shape: kind.shape, file: kind.path, offset: place.offset)
  }

  func keepsWeights(in file: ByteString) -> Bool {
    kinds.contains { $0.file == file } || others.values.contains { $0.files.contains { ByteString($0) == file } }
  }

  private mutating func kind(of array: StoredArray) -> Int32 {
    let kind = Kind(
      encoding: array.encoding, shape: array.shape, file: ByteString(array.file), path: array.file)
    if let known = numbers[array.shape]?.first(where: { kinds[Int($0)] == kind }) { return known }
    let number = Int32(kinds.count)
    kinds.append(kind)
    numbers[array.shape, default: []].append(number)
    return number
  }
}
