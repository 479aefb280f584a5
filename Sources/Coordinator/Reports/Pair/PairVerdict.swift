internal import Core
package import Graph
internal import System

/// How two models are related: the answer of `modeltree compare`.
package struct PairVerdict: Sendable, Equatable, Encodable {
  package enum Kinship: String, Sendable, Encodable {
    case related, unrelated
    /// Not related as a whole, but a part of one is a part of the other.
    case sharesComponent = "shares_component"
    /// Nothing was compared: neither the one nor the other can be said.
    case notComparable = "not_comparable"
  }

  package struct Model: Sendable, Equatable, Encodable {
    package var id: String
    package var path: String
    package var format: String?
    package var encodings: [String]
    package var parameters: Int
    /// Weights that were compared with the other model's, of `parameters`.
    package var compared: Int
    package var files: [AttestedModel.File]

    package init(
      id: String, path: String, format: String?, encodings: [String], parameters: Int, compared: Int,
      files: [AttestedModel.File]
    ) {
      self.id = id
      self.path = path
      self.format = format
      self.encodings = encodings
      self.parameters = parameters
      self.compared = compared
      self.files = files
    }

    var share: Double { parameters > 0 ? Double(compared) / Double(parameters) : 0 }
  }

  /// One kind of tensors, such as attention.
  package struct Component: Sendable, Equatable, Encodable {
    package var name: String
    package var tensors: Int
    package var weights: Int
    /// |x - y|^2 / (|x|^2 + |y|^2); 0 for copies, about 1 for strangers; nil where all weights are 0.
    package var ratio: Double?

    package init(name: String, tensors: Int, weights: Int, ratio: Double?) {
      self.name = name
      self.tensors = tensors
      self.weights = weights
      self.ratio = ratio
    }
  }

  /// A part that both have.
  package struct Shared: Sendable, Equatable, Encodable {
    package var component: String
    /// The model whose part it is taken to be, and the one that took it over.
    package var source: String
    package var target: String
    /// Of the weights of `target`; nil where it is not known.
    package var share: Double?
  }

  package var kinship: Kinship
  /// As they were given.
  package var models: [Model]
  /// As `Component.ratio`, over all linear maps, centered; what kinship is decided by.
  package var ratio: Double?
  package var distance: Double?
  /// Probability of what the two have in common, had they been initialized independently (docs/method.md); nil where
  /// nothing was tested.
  package var probability: Double?
  package var components: [Component]
  package var shared: [Shared]
  /// The one that was there first; nil for strangers, and for two children of a model that was not given.
  package var parent: String?
  package var relation: String?
  package var rank: Int?
  package var transforms: [Transform]
  /// Of models that were brought into the coordinates of the other one.
  package var alignment: AlignmentFacts?
  /// How sure the direction is, 0 to 1.
  package var directionSupport: Double?
  package var undecided: Bool
  /// What was left out, and why.
  package var notes: [String]

  /// - Parameters:
  ///   - graph: of the two models alone, in the order in which they were given.
  ///   - ratio, probability: nil where nothing was compared.
  ///   - isOpen: what was compared cannot say that the two are unrelated: an adapter that changes nothing.
  package init(
    _ graph: ModelGraph, models: [Model], ratio: Double?, distance: Double?, probability: Double?,
    components: [Component], isOpen: Bool = false, notes: [String]
  ) {
    self.models = models
    self.ratio = ratio
    self.distance = distance
    self.probability = probability
    self.components = components
    self.notes = notes
    shared = graph.edges.compactMap { edge in
      edge.component.map {
        Shared(
          component: $0, source: graph.nodes[edge.source].id, target: graph.nodes[edge.target].id, share: edge.share)
      }
    }
    alignment = graph.nodes.lazy.compactMap { $0.model?.alignment }.first
    let edge = graph.treeEdges.first { !graph.nodes[$0.source].isInferred && !graph.nodes[$0.target].isInferred }
    if let edge {
      kinship = .related
      parent = graph.nodes[edge.source].id
      relation = edge.relation.name
      rank = edge.relation.rank
      transforms = edge.transforms
      directionSupport = edge.directionSupport
      undecided = Grade(support: edge.directionSupport) == .undecided
    } else {
      let isFamily = graph.nodes[0].family == graph.nodes[1].family
      kinship =
        isFamily
        ? .related : !shared.isEmpty ? .sharesComponent : components.isEmpty || isOpen ? .notComparable : .unrelated
      transforms = []
      undecided = isFamily
    }
  }

  package var json: String { JSONText.answer(self) }

  /// Weights that were compared, of each.
  var comparedWeights: Int { models.map(\.compared).max() ?? 0 }

  var child: Model? { models.first { $0.id != parent } }
}
