package import Core
internal import Graph

/// What happened to models beside training.
package struct Events: Sendable {
  /// Copies on a coarser grid, or with weights set to zero: the model that each was made from.
  package var roundedFrom: [Int: Int]
  /// Copies in a coarser encoding: the models that each may have been rounded from.
  package var sources: [Int: [Int]] = [:]
  /// Models of which only tables and vectors can be compared, all of them equal to another's: those that each may have
  /// them from.
  package var partsOf: [Int: [Int]] = [:]
  /// Edges that must not be.
  package var closed: Set<Edge> = []
  /// Those of them of which every weight is the rounded weight of the source.
  package var casts: Set<Int> = []
  /// Those of them that are their source, except for weights that are zero.
  package var pruned: Set<Int> = []
  /// Models with a part that their relatives do not have.
  package var patched: Set<Int> = []
  /// Models that were not made by training alone, as far as that is known.
  package var assembled: Set<Int> = []
  /// Combinations of other models, by family number.
  package var merges: [[Merge]]
  /// n x n, antisymmetric: the evidence of the order, with that of the events in place.
  package var evidence: SquareMatrix

  /// By model number, the only parents that a copy in another type or encoding may have.
  var fixedParents: [Int: [Int]] {
    let exact = roundedFrom.filter { casts.contains($0.key) || pruned.contains($0.key) }.mapValues { [$0] }
    return exact.merging(partsOf) { _, parts in parts }.merging(sources) { _, sources in sources }
  }

  package struct Edge: Sendable, Hashable {
    package var parent: Int
    package var child: Int
  }

  /// Evidence of an event, in nats: which of the two models came first is beyond doubt.
  package static let certain = 50.0

  package init(roundedFrom: [Int: Int] = [:], merges: [[Merge]], evidence: SquareMatrix) {
    self.roundedFrom = roundedFrom
    self.merges = merges
    self.evidence = evidence
  }

  /// Is evidence in nats so large that no resampling needs to ask again?
  package static func isCertain(_ evidence: Double) -> Bool { abs(evidence) >= certain }

  /// Is a model another one in a coarser encoding or type?
  func isCopy(_ model: Int) -> Bool { roundedFrom[model] != nil || sources[model] != nil }

  /// Records that the order of two models is beyond doubt.
  mutating func setCertain(first: Int, second: Int) {
    evidence[first, second] = Self.certain
    evidence[second, first] = -Self.certain
  }

  /// What an event makes of an edge; nil where none explains it.
  func relation(parent: Int, child: Int) -> Relation? {
    if merges.contains(where: { $0.contains { $0.child == child } }) { return .merge }
    if partsOf[child]?.contains(parent) == true { return .finetune }
    if pruned.contains(child), roundedFrom[child] == parent { return Relation(.pruned) }
    return roundedFrom[child] == parent || sources[child]?.contains(parent) == true ? .quantized : nil
  }
}
