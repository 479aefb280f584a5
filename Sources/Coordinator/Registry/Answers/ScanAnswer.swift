internal import Fingerprints
package import Graph
internal import System

/// What a registry says of a model: the answer of `modeltree scan`.
package struct ScanAnswer: Sendable, Equatable, Encodable {
  /// The model in question.
  package struct Model: Sendable, Equatable, Encodable {
    package var id: String
    package var path: String
    package var identity: String
    package var format: String
    package var encodings: [String]
    package var parameters: Int

    init(_ entry: RegistryEntry, _ fingerprint: ModelFingerprint) {
      id = entry.id
      path = entry.path
      identity = fingerprint.identity
      format = fingerprint.facts.format
      encodings = fingerprint.facts.encodings
      parameters = fingerprint.facts.parameters
    }
  }

  /// A model of the registry.
  package struct Reference: Sendable, Equatable, Hashable, Encodable {
    package var id: String
    package var path: String
    /// As declared when it was added.
    package var license: String?

    init(_ entry: RegistryEntry) {
      id = entry.id
      path = entry.path
      license = entry.license
    }
  }

  package struct Copy: Sendable, Equatable, Encodable {
    package var model: Reference
    package var hasSameFiles: Bool
    package var hasSameFormat: Bool
  }

  package struct Family: Sendable, Equatable, Encodable {
    /// Relatives among the nearest models, the nearest first; a family may have more.
    package var members: [Reference]
    /// The one of them that the others descend from; nil where that is the model in question.
    package var oldest: Reference?
    /// The least probability of what it has in common with one of them, had the two been initialized independently.
    package var probability: Double?
  }

  package struct Parent: Sendable, Equatable, Encodable {
    package var model: Reference
    /// That this one is the parent, if the parent is in the registry.
    package var probability: Double
    package var distance: Double?
    /// 0 for copies, 1 for strangers.
    package var difference: Double?
  }

  /// A part that the model has in common with one that it is not related to.
  package struct Part: Sendable, Equatable, Encodable {
    package var component: String
    package var model: Reference
    package var tensors: Int
    package var weights: Int
    package var isExact: Bool
  }

  package var model: Model
  package var registry: String
  /// Models of the registry, and those of them that have a tensor in common with this one.
  package var searched: Int
  package var comparable: Int
  package var copies: [Copy] = []
  package var family: Family?
  package var parents: [Parent] = []
  /// Models of the registry that were made from it.
  package var children: [Reference] = []
  /// Which came first, the model or the first of these, the weights do not say.
  package var isChildUndecided = false
  package var directionSupport: Double?
  package var isParentAbsent = false
  /// A coarsely rounded model whose source is not in the registry: only distances say something of its parent.
  package var isCoarse = false
  package var mergedFrom: [Reference]?
  package var parts: [Part] = []
  /// Without relatives: the nearest of the comparable ones.
  package var nearest: Reference?
  /// What of the registry could not be read.
  package var damaged: [String] = []
  /// How it came from the first of the parents; nil for copies, and for models without a parent.
  package var relation: Relation?

  init(model: Model, registry: String, searched: Int, comparable: Int) {
    self.model = model
    self.registry = registry
    self.searched = searched
    self.comparable = comparable
  }

  package enum CodingKeys: String, CodingKey {
    case model, registry, searched, comparable, copies, family, parents, children, directionSupport, isParentAbsent,
      isCoarse,
      mergedFrom, parts, nearest, damaged, relation, rank, undecided, childUndecided, verdict, compare
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(model, forKey: .model)
    try keys.encode(registry, forKey: .registry)
    try keys.encode(searched, forKey: .searched)
    try keys.encode(comparable, forKey: .comparable)
    try keys.encode(verdict, forKey: .verdict)
    try keys.encode(copies, forKey: .copies)
    try keys.encodeIfPresent(family, forKey: .family)
    try keys.encode(parents, forKey: .parents)
    try keys.encode(children, forKey: .children)
    if !children.isEmpty { try keys.encode(isChildUndecided, forKey: .childUndecided) }
    try keys.encodeIfPresent(directionSupport, forKey: .directionSupport)
    try keys.encode(isParentAbsent, forKey: .isParentAbsent)
    try keys.encode(isCoarse, forKey: .isCoarse)
    try keys.encodeIfPresent(mergedFrom, forKey: .mergedFrom)
    try keys.encode(parts, forKey: .parts)
    try keys.encodeIfPresent(nearest, forKey: .nearest)
    try keys.encode(damaged, forKey: .damaged)
    try keys.encodeIfPresent(relation?.name, forKey: .relation)
    try keys.encodeIfPresent(relation?.rank, forKey: .rank)
    try keys.encode(isUndecided, forKey: .undecided)
    try keys.encode(comparisons, forKey: .compare)
  }

  package enum Verdict: String, Sendable, Encodable {
    case copy, related, sharesPart = "shares_part", unknown
    case notComparable = "not_comparable"
  }

  package var verdict: Verdict {
    if !copies.isEmpty { return .copy }
    if family != nil { return .related }
    if !parts.isEmpty { return .sharesPart }
    return comparable == 0 ? .notComparable : .unknown
  }

  /// Is it open which of the relatives the model was made from?
  package var isUndecided: Bool {
    guard family != nil, copies.isEmpty else { return false }
    return isCoarse || Grade(support: min(parents.first?.probability ?? 0, directionSupport ?? 1)) == .undecided
  }

  /// Models whose weights would settle what fingerprints do not, and those that are worth a second look in any case.
  package var shortlist: [Reference] {
    if family != nil { return parents.prefix(isUndecided ? 3 : 1).map(\.model) }
    return parts.prefix(1).map(\.model)
  }

  /// Command lines that compare the weights themselves.
  package var comparisons: [[String]] { shortlist.map { ["modeltree", "compare", $0.path, model.path] } }

  package var json: String { JSONText.answer(self) }
}
