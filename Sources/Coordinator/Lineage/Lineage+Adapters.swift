internal import Core
internal import Graph

extension Lineage {
  /// Puts adapters below the models that they were trained on.
  package mutating func adopt(_ verdicts: [AdapterVerdict]) {
    adapters = verdicts
    for verdict in verdicts {
      guard let base = verdict.base else { continue }
      families[verdict.adapter] = families[base]
      parents[verdict.adapter] = base
      relations[verdict.adapter] = .adapter(rank: verdict.rank)
      support[verdict.adapter] = verdict.support
      // By its nature an adapter comes after its base.
      directionSupport[verdict.adapter] = 1
      distances.setBoth(base, verdict.adapter, verdict.distance)
    }
    families = Families.numbered(families)
  }
}
