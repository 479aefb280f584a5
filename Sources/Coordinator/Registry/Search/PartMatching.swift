internal import Core
internal import Fingerprints
internal import Lineage

/// Finds parts that two models have in common although they are not related as a whole.
struct PartMatching {
  /// A part of one model that is a part of the other, too.
  struct Part: Sendable, Equatable {
    /// What the tensors have in common in their names, such as `vision_tower`.
    var name: String
    var tensors: Int
    /// Weights of the tensors that were recognized; others of the same part are not in the fingerprint.
    var weights: Int
    /// Are all of them equal, value by value?
    var isExact: Bool
  }

  /// Cosine above which a tensor is the same one, provided that it is so many standard deviations above chance.
  private static let leastCosine = ComponentPass.leastCosine
  private static let deviations = 8.0
  /// Smaller tensors prove nothing.
  private static let fewestWeights = ComponentPass.fewestWeights

  /// - Returns: nil where no tensor is the same.
  static func part(_ one: ModelFingerprint, _ other: ModelFingerprint) -> Part? {
    var names: [String] = []
    var (weights, exact) = (0, 0)
    let known = Dictionary(one.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for tensor in FingerprintSums.of([one, other]) where tensor.role == .linear || tensor.role == .embedding {
      guard let own = known[tensor.name], own.shape.elements >= fewestWeights, tensor.part != .constant else {
        continue
      }
      let moments = tensor.sums.moments
      let length = (moments[0].m2 * moments[1].m2).squareRoot()
      guard length > 0 else { continue }
      let shift = moments[0].mean - moments[1].mean
      let inner = (moments[0].m2 + moments[1].m2 - tensor.sums.l2[0] + moments[0].count * shift * shift) / 2
      guard inner > max(leastCosine, deviations / moments[0].count.squareRoot()) * length else { continue }
      names.append(tensor.name)
      weights += own.shape.elements
      if tensor.sums.l2[0] == 0 { exact += 1 }
    }
    guard !names.isEmpty else { return byContent(one, other) }
    return Part(
      name: SharedComponent.name(of: names), tensors: names.count, weights: weights, isExact: exact == names.count)
  }

  /// Tensors with the same values, whatever they are called and however their rows are ordered.
  private static func byContent(_ one: ModelFingerprint, _ other: ModelFingerprint) -> Part? {
    let common = Set(one.contents).intersection(other.contents)
    guard !common.isEmpty else { return nil }
    let hashes = Set(common.map(\.hash))
    let names = one.tensors.filter { hashes.contains($0.content.first) }.map(\.name)
    return Part(
      name: names.isEmpty ? "\(common.count) tensors" : SharedComponent.name(of: names), tensors: common.count,
      weights: common.reduce(0) { $0 + $1.weights }, isExact: true)
  }
}
