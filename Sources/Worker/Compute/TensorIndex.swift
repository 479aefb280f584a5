internal import Core
internal import Encodings
internal import Storage
internal import System

/// Where the tensors of one store lie, in little memory: hundreds of models have thousands of them each.
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

  private var places: [Int32: Place] = [:]
  private var kinds: [Kind] = []
  private var numbers: [TensorShape: [Int32]] = [:]

  var count: Int { places.count }

  /// - Parameter number: of the tensor's name.
  mutating func add(_ tensor: StoredTensor, _ number: Int32) {
    places[number] = Place(offset: tensor.offset, kind: kind(of: tensor))
  }

  /// - Parameter number: of the name.
  func tensor(_ name: String, _ number: Int32) -> StoredTensor? {
    guard let place = places[number] else { return nil }
    let kind = kinds[Int(place.kind)]
    return StoredTensor(
      name: name, encoding: kind.encoding, shape: kind.shape, file: kind.path, offset: place.offset)
  }

  func keepsWeights(in file: ByteString) -> Bool { kinds.contains { $0.file == file } }

  private mutating func kind(of tensor: StoredTensor) -> Int32 {
    let kind = Kind(
      encoding: tensor.encoding, shape: tensor.shape, file: ByteString(tensor.file), path: tensor.file)
    if let known = numbers[tensor.shape]?.first(where: { kinds[Int($0)] == kind }) { return known }
    let number = Int32(kinds.count)
    kinds.append(kind)
    numbers[tensor.shape, default: []].append(number)
    return number
  }
}
