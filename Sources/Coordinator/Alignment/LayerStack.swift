internal import Checkpoints
internal import Core
internal import Naming
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
  init?(_ model: ModelRecord, _ map: AlignmentMap) {
    struct Part {
      var layer: Int
      var canonical: CanonicalTensor
      var tensor: StoredTensor
    }
    var stacks: [String: [Part]] = [:]
    for (tensor, canonical) in zip(model.tensors, map.tensors) {
      guard let layer = canonical.layer, tensor.shape.rank >= 2 else { continue }
      stacks[canonical.stack, default: []].append(Part(layer: layer.number, canonical: canonical, tensor: tensor))
    }
    func weight(_ parts: [Part]) -> Int { parts.reduce(0) { $0 + $1.tensor.shape.elements } }
    guard let (prefix, parts) = stacks.max(by: { (weight($0.value), $1.key) < (weight($1.value), $0.key) })
    else { return nil }
    let layers = Set(parts.map(\.layer)).sorted()
    let kinds = Dictionary(grouping: parts, by: \.canonical.part).filter { _, parts in
      parts.count == layers.count && Set(parts.map(\.tensor.shape)).count == 1 && parts[0].canonical.role == .linear
    }
    guard layers.count > 1, let kind = kinds.min(by: { $0.key < $1.key }) else { return nil }
    self.prefix = prefix
    self.layers = layers
    probes = kind.value.sorted { $0.layer < $1.layer }.map(\.tensor)
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
