package import Core
package import Fingerprints
package import Lineage

extension LineageProblem {
  /// What fingerprints say of their models beside the sums.
  ///
  /// - Parameters:
  ///   - models: fingerprints.
  ///   - tensors: `FingerprintSums` of them.
  package init(_ models: [ModelFingerprint], _ tensors: [TensorSums], options: LineageOptions = LineageOptions()) {
    let facts = models.map(\.facts)
    self.init(
      rounding: facts.map(\.rounding), options: options, tokens: models.map(\.tokens),
      haveSameSignature: { facts[$0].structure == facts[$1].structure })
    let own = models.map { model in
      Dictionary(model.tensors.map { ($0.name, $0.noise) }, uniquingKeysWith: { first, _ in first })
    }
    let names = tensors.map(\.name)
    noise = { own[$1][names[$0]] ?? 0 }
    form = { (facts[$0].format == facts[$1].format && facts[$0].layout == facts[$1].layout, []) }
    overlap = NetworkOverlap(models.map(\.networkTensors))
    for (number, known) in facts.enumerated() { unread[number] = known.unread }
  }
}

extension ModelFingerprint {
  /// What it keeps of the model: of two models that share a part, the same tensors of it. nil where the model has weights
  /// that cannot be read.
  fileprivate var networkTensors: [NetworkOverlap.Tensor]? {
    guard facts.unread == nil else { return nil }
    let counted = tensors.filter { $0.part != .constant && ($0.role == .linear || $0.role == .embedding) }
    return counted.map { tensor in
      NetworkOverlap.Tensor(
        place: String(tensor.key), kind: tensor.kind, weights: tensor.shape.elements)
    }
  }
}
