internal import Checkpoints
internal import Core
internal import Foundation
internal import Naming
internal import Storage
internal import System

/// Finds models whose experts are copies of the MLPs of dense models: a few hundred weights of a layer's experts are
/// compared with the MLP of the same layer.
enum ExpertOrigins {
  /// Cosine above which an expert comes from an MLP.
  private static let likeness: Float = 0.5
  /// Experts of a layer that are looked at, and dense models that they are compared with.
  private static let experts = 16
  private static let most = 64
  private static let mark = ".experts."

  static func find(_ maps: inout [AlignmentMap], of models: [ModelRecord]) throws(Failure) {
    let sparse = models.indices.filter { number in
      models[number].adapter == nil && maps[number].tensors.contains { $0.part.contains(mark) }
    }
    guard !sparse.isEmpty else { return }
    for number in sparse {
      for (name, experts) in firstLayer(number, maps, models) {
        for other in models.indices.prefix(most) where other != number && models[other].adapter == nil {
          guard let dense = maps[other].tensors.firstIndex(where: { $0.name == name && $0.rearrangement == nil }),
            let first = experts.first, maps[other].tensors[dense].shape == first.shape
          else { continue }
          let print = try WeightPrint(models[other].tensors[dense])
          for expert in experts where try WeightPrint(expert).likeness(print) > likeness {
            maps[number].denseOrigins.insert(other)
          }
        }
      }
    }
  }

  /// The name of the dense map and the experts' versions of it, of one map of the first layer with experts.
  private static func firstLayer(
    _ number: Int, _ maps: [AlignmentMap], _ models: [ModelRecord]
  ) -> [(name: String, experts: [StoredTensor])] {
    var found: [String: [StoredTensor]] = [:]
    var layer: CanonicalLayer?
    for (stored, tensor) in zip(models[number].tensors, maps[number].tensors)
    where tensor.part.contains(mark) && tensor.role == .linear {
      guard layer == nil || tensor.layer == layer else { continue }
      layer = tensor.layer
      guard let start = tensor.name.range(of: mark),
        let dot = tensor.name[start.upperBound...].firstIndex(of: ".")
      else { continue }
      let name = tensor.name[..<start.lowerBound] + tensor.name[dot...]
      if found[String(name), default: []].count < experts { found[String(name), default: []].append(stored) }
    }
    return found.sorted { $0.key < $1.key }.prefix(1).map { ($0.key, $0.value) }
  }
}
