package import Checkpoints
package import System

/// Brings the models of a collection into common coordinates: first by what names say, then by names that differ in
/// front, then by the content of layers.
package enum Aligner {
  /// - Returns: one map for each model.
  /// - Throws: `Failure` when the weights of a layer that have to be compared cannot be read.
  package static func maps(of models: [ModelRecord]) throws(Failure) -> [AlignmentMap] {
    var maps = AlignmentMap.named(models)
    // Mostly, all of a collection have the same tensors, and nothing has to be found out.
    guard let first = models.first, !models.allSatisfy({ $0.hasSameTensors(as: first) }) else { return maps }
    PrefixMatching.align(&maps, of: models)
    try LayerMatching.align(&maps, of: models)
    return maps
  }
}
