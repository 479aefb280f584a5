package import Checkpoints
internal import Core
package import Naming
internal import Storage

/// How one model corresponds to the others: what each of its tensors and layers is in the coordinates that all share.
package struct AlignmentMap: Sendable, Equatable {
  /// The canonical tensor of each stored one, in the order of the model's tensors.
  package var tensors: [CanonicalTensor]
  /// The conventions that its tensors' names follow, that of most tensors first.
  package private(set) var dialects: [String]
  /// The model's layers, where models of its kind have different numbers of them; empty elsewhere.
  package var layers: [LayerCorrespondence] = []
  /// Of a model with experts: the dense models whose MLPs they come from.
  package var denseOrigins: Set<Int> = []
  /// What the updates of an adapter change, in their order; empty for every other model.
  package var updates: [CanonicalTensor] = []
  /// Of tensors that were made from stored ones in another arrangement: from which, by their places.
  package var origins: [Int: TensorOrigin] = [:]

  /// What the names of a model's tensors say.
  package init(named model: ModelRecord) {
    let changes = model.adapter?.updates ?? []
    // An adapter calls weights as its base does; all its names together say which dialect that is.
    let (all, dialects) = CanonicalNaming.reading(
      model.tensors.map(\.name) + changes.map(\.weight),
      shapes: model.tensors.map(\.shape) + changes.map { TensorShape([$0.rows, $0.columns]) ?? $0.up.shape },
      preferring: model.adapter == nil ? nil : Self.dialect(of: model.checkpoint.metadata["general.architecture"]))
    self.dialects = dialects
    tensors = Array(all[..<model.tensors.count])
    updates = Array(all[model.tensors.count...])
  }

  /// The dialect of llama.cpp's names for an architecture: an adapter changes too few weights for their names to say it.
  private static func dialect(of architecture: String?) -> String? {
    guard let architecture else { return nil }
    let own = ["gpt2": "gpt2", "bloom": "bloom", "falcon": "bloom", "gptneox": "neox", "phi3": "phi3"][architecture]
    return "GGUF \(own ?? (architecture.contains("bert") ? "bert" : "llama"))"
  }

  /// Is some tensor stored otherwise than the canonical one?
  var holdsRearranged: Bool {
    tensors.contains { $0.rearrangement != nil } || updates.contains { $0.rearrangement != nil }
  }

  /// What names say of all models. Models with the same tensors share one array.
  package static func named(_ models: [ModelRecord]) -> [AlignmentMap] {
    var maps: [AlignmentMap] = []
    var distinct: [Int] = []
    for (number, model) in models.enumerated() {
      if let same = distinct.last(where: { models[$0].adapter == nil && models[$0].hasSameTensors(as: model) }),
        model.adapter == nil
      {
        maps.append(maps[same])
      } else {
        distinct.append(number)
        maps.append(AlignmentMap(named: model))
      }
    }
    return maps
  }

  /// Layers are dropped and repeated, but do not come back from nowhere: a descendant's layers are
  /// among its ancestor's, repeated ones aside, and what was repeated once stays. What was made into experts does not
  /// become one MLP again.
  package func mayDescend(from parent: AlignmentMap) -> Bool {
    guard parent.denseOrigins.isEmpty || !denseOrigins.isEmpty else { return false }
    guard !layers.isEmpty, !parent.layers.isEmpty else { return true }
    let own = Set(layers.map(\.canonical))
    let others = Set(parent.layers.map(\.canonical))
    return own.allSatisfy { $0.isRepeated || others.contains($0) }
      && others.allSatisfy { !$0.isRepeated || own.contains($0) }
  }
}
