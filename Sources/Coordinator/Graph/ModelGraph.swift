/// The Model Graph: one directed tree per family, and beside the trees the further parents of merges and the
/// components that models share.
///
/// Edges name their ends by place in `nodes`. A graph that was computed is sound by construction; one that was
/// read from a file has passed `violation()`.
package struct ModelGraph: Sendable, Equatable {
  /// Observed models first, in input order; inferred ones after them.
  package var nodes: [Node]
  /// Edges of the trees in the order of their targets, then the others.
  package var edges: [Edge]

  package init(nodes: [Node], edges: [Edge]) {
    self.nodes = nodes
    self.edges = edges
  }

  /// A model of the collection, or an ancestor that the others imply.
  package struct Node: Sendable, Equatable {
    package enum Origin: Sendable, Equatable {
      case observed(Model)
      /// No files were seen; `support` in 0...1.
      case inferred(support: Double)
    }

    package var id: String
    /// From 0; equal along the edges of a tree.
    package var family: Int
    package var origin: Origin

    package init(id: String, family: Int, origin: Origin) {
      self.id = id
      self.family = family
      self.origin = origin
    }

    package init(id: String, family: Int, model: Model) {
      self.init(id: id, family: family, origin: .observed(model))
    }

    /// nil for an inferred ancestor.
    package var model: Model? {
      get { if case .observed(let model) = origin { model } else { nil } }
      set { if let newValue { origin = .observed(newValue) } }
    }

    package var isInferred: Bool { model == nil }

    /// Support of an inferred ancestor; nil for models of the collection, which are simply there.
    package var support: Double? { if case .inferred(let support) = origin { support } else { nil } }
  }

  /// What is known of a model of the collection.
  package struct Model: Sendable, Equatable {
    /// Its folder or file.
    package var path: String
    /// Directional score; nil where it shares no weights with another.
    package var score: Double?
    /// Was anything of it compared with another model? If not, nothing is known about its relatives.
    package var isComparable: Bool { score != nil }
    /// Other models that it was compared with, weight by weight; nil where it was not recorded.
    package var compared: Int?
    /// Element types of the stored tensors, most used first, joined by `+`.
    package var dtype: String
    /// Number of weights.
    package var parameters: Int
    /// The container: safetensors, pytorch, gguf, ...; nil where it was not recorded.
    package var format: String?
    /// How bytes become numbers, most weights first; empty where it was not recorded.
    package var encodings: [String]
    /// The first model with the same weights; nil for all others.
    package var duplicateOf: Int?
    /// How it was brought into the coordinates of another model; nil for a model that is compared as it is.
    package var alignment: AlignmentFacts?
    /// Which of its relatives' layers its own are, in its order: a number, with `+1` for one that comes again and `'` for one
    /// that they lack; nil where all models of its kind have the same number of layers.
    package var layers: [String]?
    /// What its uploader says it was made from; nil without hints.
    package var declaration: Declaration?
    /// What its uploader says it may be used for, such as `apache-2.0`; nil without hints.
    package var license: String?

    package init(
      path: String, score: Double?, dtype: String, parameters: Int, format: String? = nil, encodings: [String] = [],
      duplicateOf: Int? = nil, alignment: AlignmentFacts? = nil, declaration: Declaration? = nil,
      compared: Int? = nil, license: String? = nil, layers: [String]? = nil
    ) {
      self.path = path
      self.score = score
      self.dtype = dtype
      self.parameters = parameters
      self.format = format
      self.encodings = encodings
      self.duplicateOf = duplicateOf
      self.alignment = alignment
      self.declaration = declaration
      self.compared = compared
      self.license = license
      self.layers = layers
    }
  }

  /// A base model that an uploader names.
  package struct Declaration: Sendable, Equatable {
    /// As it was written.
    package var base: String
    /// The model of the collection that this means; nil where it is none.
    package var model: Int?
    /// Whether the weights agree; nil where they cannot say.
    package var agreement: Agreement?

    package init(base: String, model: Int? = nil, agreement: Agreement? = nil) {
      self.base = base
      self.model = model
      self.agreement = agreement
    }
  }

  package struct Edge: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// An edge of a tree.
      case parent
      /// A further parent of a merge, beside the tree.
      case extraParent
      /// The target took a component from the source; no part of the tree.
      case component(String)
    }

    /// The model that was there first.
    package var source: Int
    package var target: Int
    package var kind: Kind
    package var relation: Relation
    /// Finite and >= 0; nil only for components.
    package var distance: Double?
    /// Share of the resamplings of the tensors that recover the edge, 0...1.
    package var support: Double
    /// Share of them in which the scores order the two models in the same way, 0...1.
    package var directionSupport: Double
    /// How the rank of a low-rank update was found.
    package var rankEvidence: RankEvidence?
    /// Of a merge: the weight of this parent in the mean. Of a component: its share of the target's weights.
    package var share: Double?
    /// What was undone before the two were compared.
    package var transforms: [Transform]
    /// The next best parent of the target, where it is within noise of this one: the edge is not firm.
    package var runnerUp: Int?
    /// A model that was not compared with the target, and that may be nearer than the source as far as fingerprints tell: the
    /// edge is undecided.
    package var leftOut: Int?

    package init(
      source: Int, target: Int, kind: Kind = .parent, relation: Relation, distance: Double?, support: Double,
      directionSupport: Double, rankEvidence: RankEvidence? = nil, share: Double? = nil, transforms: [Transform] = [],
      runnerUp: Int? = nil, leftOut: Int? = nil
    ) {
      self.source = source
      self.target = target
      self.kind = kind
      self.relation = relation
      self.distance = distance
      self.support = support
      self.directionSupport = directionSupport
      self.rankEvidence = rankEvidence
      self.share = share
      self.transforms = transforms
      self.runnerUp = runnerUp
      self.leftOut = leftOut
    }

    /// The component of a `contains` edge.
    package var component: String? { if case .component(let name) = kind { name } else { nil } }

    /// What the edge as a whole is worth, 0...1. Of copies it says that both hold the same weights; which of them was
    /// first is left open.
    package var certainty: Double { relation.isCopy ? support : min(support, directionSupport) }
    package var grade: Grade { Grade(support: certainty) }
    package var isUndecided: Bool { grade == .undecided }
    /// Is it the order of the two that is in doubt, more than the parent?
    package var isOrderInDoubt: Bool { grade != .firm && directionSupport < support }
  }

  /// The edges of the trees: at most one per target.
  package var treeEdges: [Edge] { edges.filter { $0.kind == .parent } }

  /// All others: further parents of merges, and components.
  package var extraEdges: [Edge] { edges.filter { $0.kind != .parent } }

  /// Per node the source of its tree edge; nil for roots.
  package var parents: [Int?] {
    var parents: [Int?] = Array(repeating: nil, count: nodes.count)
    for edge in edges where edge.kind == .parent { parents[edge.target] = edge.source }
    return parents
  }

  package var familyCount: Int { Set(nodes.map(\.family)).count }
}
