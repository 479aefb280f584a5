internal import Graph
internal import System

/// `tree.json`: node-link JSON, as `networkx.node_link_graph(data, edges="links")` reads it. The keys are a contract
/// (docs/file-formats.md); fields may be added, those that are there keep their meaning.
struct TreeDocument: Codable {
  var directed: Bool
  /// true where a pair of models has several edges.
  var multigraph: Bool
  /// The recovery as a whole; see `RunDescription`.
  var graph: [String: String]
  var nodes: [Node]
  var links: [Link]

  struct Node: Codable {
    var id: String
    var family: Int
    var root: Bool
    /// Absent for models of the collection.
    var inferred: Bool?
    /// Of an inferred node.
    var support: Double?
    // What follows is absent for inferred nodes.
    var path: String?
    var score: Double?
    var dtype: String?
    var parameters: Int?
    var format: String?
    var encodings: [String]?
    var duplicateOf: String?
    var alignment: AlignmentFacts?
    var declaredBase: String?
    var declaredModel: String?
    var hint: Agreement?
    /// Other models of the run that it was compared with.
    var compared: Int?
    var license: String?
    /// Which of its relatives' layers its own are.
    var layers: [String]?

    enum CodingKeys: String, CodingKey {
      case id, path, family, root, inferred, support, score, dtype, parameters, format, encodings, alignment, hint
      case compared, license, layers
      case declaredBase = "declared_base"
      case declaredModel = "declared_model"
      case duplicateOf = "duplicate_of"
    }
  }

  struct Link: Codable {
    var source: String
    var target: String
    var distance: Double?
    var support: Double
    var directionSupport: Double
    var relation: String
    var rank: Int?
    var rankEvidence: RankEvidence?
    var share: Double?
    var component: String?
    var transform: [String]?
    /// true where support is low, else absent.
    var undecided: Bool?
    /// firm, weak or undecided; written for people and never read back.
    var grade: Grade?
    /// The next best parent, where it is within noise.
    var runnerUp: String?
    /// A model that was not compared with the target, and that may be nearer than the source.
    var leftOut: String?
    /// true beside the tree, else absent.
    var extra: Bool?
    /// Of a tree edge: does the declared base of the target agree?
    var hint: Agreement?

    enum CodingKeys: String, CodingKey {
      case source, target, distance, support, relation, rank, share, component, transform, undecided, extra, hint
      case grade
      case runnerUp = "runner_up"
      case leftOut = "left_out"
      case directionSupport = "direction_support"
      case rankEvidence = "rank_evidence"
    }
  }

  init(_ report: TreeReport) {
    let graph = report.graph
    let ids = graph.nodes.map(\.id)
    let parents = graph.parents
    directed = true
    multigraph = Set(graph.edges.map { [$0.source, $0.target] }).count < graph.edges.count
    self.graph = report.description.attributes
    nodes = graph.nodes.enumerated().map { place, node in
      Node(node, isRoot: parents[place] == nil, ids: ids)
    }
    links = graph.edges.map { edge in
      let declaration = edge.kind == .parent ? graph.nodes[edge.target].model?.declaration : nil
      return Link(edge, ids: ids, hint: declaration?.agreement)
    }
  }

  /// The text of the file.
  var text: String { JSONText.of(self, style: .pretty) + "\n" }
}

extension TreeDocument.Node {
  init(_ node: ModelGraph.Node, isRoot: Bool, ids: [String]) {
    id = node.id
    family = node.family
    root = isRoot
    guard let model = node.model else {
      inferred = true
      support = node.support
      return
    }
    path = model.path
    score = model.score
    dtype = model.dtype
    parameters = model.parameters
    format = model.format
    encodings = model.encodings.isEmpty ? nil : model.encodings
    duplicateOf = model.duplicateOf.map { ids[$0] }
    alignment = model.alignment
    declaredBase = model.declaration?.base
    declaredModel = model.declaration?.model.map { ids[$0] }
    hint = model.declaration?.agreement
    compared = model.compared
    license = model.license
    layers = model.layers
  }
}

extension TreeDocument.Link {
  init(_ edge: ModelGraph.Edge, ids: [String], hint: Agreement?) {
    source = ids[edge.source]
    target = ids[edge.target]
    distance = edge.distance
    support = edge.support
    directionSupport = edge.directionSupport
    relation = edge.relation.name
    rank = edge.relation.rank
    rankEvidence = edge.rankEvidence
    share = edge.share
    component = edge.component
    transform = edge.transforms.isEmpty ? nil : edge.transforms.map(\.rawValue)
    undecided = edge.isUndecided ? true : nil
    grade = edge.grade
    runnerUp = edge.runnerUp.map { ids[$0] }
    leftOut = edge.leftOut.map { ids[$0] }
    extra = edge.kind == .parent ? nil : true
    self.hint = hint
  }
}
