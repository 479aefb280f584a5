package import Checkpoints
package import System

/// Brings the models of a collection into common coordinates: first by what names say, then by names that differ in
/// front, then by the content of matrices and of layers.
package enum Aligner {
  /// By names alone, with every tensor as the canonical one.
  ///
  /// - Throws: `Failure` when the weights that tell the size of heads cannot be read.
  package static func canonical(_ models: [ModelRecord]) throws(Failure) -> AlignedModels {
    let plain = try Rearranging.apply(to: models, AlignmentMap.named(models), takesAll: true)
    return AlignedModels(models: plain.models, maps: plain.maps)
  }

  /// - Returns: the models, whose tensors are as the canonical ones where models differ in how they store them, and a
  ///   map of each.
  /// - Throws: `Failure` when the weights of a layer that have to be compared cannot be read.
  package static func aligned(_ models: [ModelRecord]) throws(Failure) -> AlignedModels {
    let named = AlignmentMap.named(models)
    // Mostly, all of a collection have the same tensors, and nothing has to be found out.
    guard let first = models.first, !models.allSatisfy({ $0.hasSameTensors(as: first) && $0.adapter == nil }) else {
      return AlignedModels(models: models, maps: named)
    }
    var (known, maps) = (models, named)
    AdapterTargets.resolve(&known, &maps)
    let rearranged = try Rearranging.apply(to: known, maps)
    maps = rearranged.maps
    PrefixMatching.align(&maps, of: rearranged.models)
    let matched = try ContentMatching.apply(to: rearranged.models, maps)
    let aligned = matched.models
    maps = matched.maps
    try LayerMatching.align(&maps, of: aligned)
    try ExpertOrigins.find(&maps, of: aligned)
    return AlignedModels(models: aligned, maps: maps)
  }

  /// Brings one model into canonical coordinates by what its own names and configuration say, so that the outcome does
  /// not depend on which other models are there.
  ///
  /// - Throws: `Failure` when weights that have to be read cannot be.
  package static func canonical(_ model: ModelRecord) throws(Failure) -> (model: ModelRecord, map: AlignmentMap) {
    let (model, map) = try Rearranging.alone(model, AlignmentMap(named: model))
    return (model, map)
  }
}

/// The models of a collection in common coordinates.
package struct AlignedModels: Sendable {
  /// In the order in which they were given.
  package var models: [ModelRecord]
  /// One for each model.
  package var maps: [AlignmentMap]
}
