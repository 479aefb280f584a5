internal import Core

/// The recovered Model Graph: one directed tree per family.
public struct Forest: Sendable, Equatable, Codable {
  public struct Node: Sendable, Equatable, Codable {
    public var id: String
    /// The folder or file of the model.
    public var path: String
    public var family: Int
    /// Nothing in the collection is its ancestor.
    public var root: Bool
    /// Directional score; absent where the model shares no weights with another.
    public var score: Double?
    /// Storage types, most used first.
    public var dtype: String
    public var parameters: Int
    /// The first model with the same weights, bit for bit; absent for all others.
    public var duplicateOf: String?

    enum CodingKeys: String, CodingKey {
      case id, path, family, root, score, dtype, parameters
      case duplicateOf = "duplicate_of"
    }

    public init(
      id: String, path: String, family: Int, root: Bool, score: Double?, dtype: String,
      parameters: Int, duplicateOf: String?
    ) {
      self.id = id
      self.path = path
      self.family = family
      self.root = root
      self.score = score
      self.dtype = dtype
      self.parameters = parameters
      self.duplicateOf = duplicateOf
    }
  }

  public enum Relation: String, Sendable, Codable {
    /// Further training of the parent.
    case derived
    /// The same weights, bit for bit.
    case duplicate
  }

  /// An edge; `source` is the parent.
  public struct Link: Sendable, Equatable, Codable {
    public var source: String
    public var target: String
    public var distance: Double
    /// Share of resamplings of the tensors in which the edge comes out again.
    public var support: Double
    /// Share of them in which the scores order the two models in the same way.
    public var directionSupport: Double
    public var relation: Relation

    enum CodingKeys: String, CodingKey {
      case source, target, distance, support, relation
      case directionSupport = "direction_support"
    }

    public init(
      source: String, target: String, distance: Double, support: Double, directionSupport: Double,
      relation: Relation
    ) {
      self.source = source
      self.target = target
      self.distance = distance
      self.support = support
      self.directionSupport = directionSupport
      self.relation = relation
    }
  }

  /// Facts about the recovery as a whole.
  public var graph: [String: String]
  public var nodes: [Node]
  /// One per model with a parent, in the order of the targets.
  public var links: [Link]

  public init(graph: [String: String], nodes: [Node], links: [Link]) {
    self.graph = graph
    self.nodes = nodes
    self.links = links
  }

  public var familyCount: Int { Set(nodes.map(\.family)).count }
}
