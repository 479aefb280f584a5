internal import Checkpoints
internal import Core
internal import Storage
internal import System

/// A model's repeated layers: tensors whose names differ in one number alone.
struct LayerStack {
  /// The name up to the number, by which models are compared.
  let prefix: String
  let layers: [Int]
  /// One linear map of each layer, the same one of all.
  let probes: [StoredTensor]

  /// Numbers of a probe that are read, where it has as many.
  private static let numbers = 256

  /// The stack with most weights; nil for a model without one.
  ///
  init?(_ model: ModelRecord) {
    struct Part {
      var layer: Int
      var rest: String
      var tensor: StoredTensor
    }
    var stacks: [String: [Part]] = [:]
    for (tensor, name) in zip(model.tensors, model.commonNames) {
      guard let place = Self.place(name), tensor.shape.rank >= 2 else { continue }
      stacks[place.prefix, default: []].append(Part(layer: place.layer, rest: place.rest, tensor: tensor))
    }
    func weight(_ parts: [Part]) -> Int { parts.reduce(0) { $0 + $1.tensor.shape.elements } }
    guard let (prefix, parts) = stacks.max(by: { (weight($0.value), $1.key) < (weight($1.value), $0.key) })
    else { return nil }
    let layers = Set(parts.map(\.layer)).sorted()
    let kinds = Dictionary(grouping: parts, by: \.rest).filter { rest, parts in
      parts.count == layers.count && Set(parts.map(\.tensor.shape)).count == 1
        && TensorRole(name: "\(prefix)0\(rest)", shape: parts[0].tensor.shape) == .linear
    }
    guard layers.count > 1, let kind = kinds.min(by: { $0.key < $1.key }) else { return nil }
    self.prefix = prefix
    self.layers = layers
    probes = kind.value.sorted { $0.layer < $1.layer }.map(\.tensor)
  }

  /// Cuts a name at its first number.
  static func place(_ name: String) -> (prefix: String, layer: Int, rest: String)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let place = parts.firstIndex(where: { Int($0) != nil && $0.allSatisfy(\.isNumber) }), place > 0,
      let layer = Int(parts[place])
    else { return nil }
    return (
      parts[..<place].joined(separator: ".") + ".", layer,
      "." + parts[(place + 1)...].joined(separator: ".")
    )
  }

  /// What makes two stacks comparable: their names and the shape of a layer.
  var kind: String { "\(prefix)\(probes[0].shape)" }

  /// A few weights from the middle of each layer's probe, scaled to length 1.
  func prints() throws(Failure) -> [[Float]] {
    try probes.map { probe throws(Failure) in
      let count = min(Self.numbers, probe.shape.elements)
      let values = try probe.values(from: (probe.shape.elements - count) / 2, count: count)
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return length > 0 && length.isFinite ? values.map { $0 / length } : values.map { _ in 0 }
    }
  }
}
