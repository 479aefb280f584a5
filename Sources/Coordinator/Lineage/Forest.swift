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
    /// What its uploader says it was made from, the model of the collection that this means, and
    /// whether the weights agree; absent without hints.
    public var declaredBase: String?
    public var declaredModel: String?
    public var hint: Agreement?

    enum CodingKeys: String, CodingKey {
      case id, path, family, root, score, dtype, parameters, hint
      case declaredBase = "declared_base"
      case declaredModel = "declared_model"
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
    /// Of a low-rank update: how the rank was found.
    public var rankEvidence: RankEvidence?
    /// Of a merge: the weight of this parent in the mean.
    public var share: Double?
    /// One more parent of a merge, beside the tree.
    public var isExtra: Bool
    /// Does the declared base of the target agree?
    public var hint: Agreement?

    /// Below these, an edge or its direction is called undecided.
    private static let leastSupport = 0.5
    private static let leastDirectionSupport = 0.75

    /// Another parent, or the reverse, is nearly as likely.
    public var isUndecided: Bool {
      support < Self.leastSupport || directionSupport < Self.leastDirectionSupport
    }

    public init(
      source: String, target: String, distance: Double, support: Double, directionSupport: Double,
      relation: Relation, rankEvidence: RankEvidence? = nil, share: Double? = nil, isExtra: Bool = false
    ) {
      self.source = source
      self.target = target
      self.distance = distance
      self.support = support
      self.directionSupport = directionSupport
      self.relation = relation
      self.rankEvidence = rankEvidence
      self.share = share
      self.isExtra = isExtra
    }

    enum CodingKeys: String, CodingKey {
      case source, target, distance, support, relation, rank, share, undecided, extra, hint
      case directionSupport = "direction_support"
      case rankEvidence = "rank_evidence"
    }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      source = try values.decode(String.self, forKey: .source)
      target = try values.decode(String.self, forKey: .target)
      distance = try values.decode(Double.self, forKey: .distance)
      support = try values.decode(Double.self, forKey: .support)
      directionSupport = try values.decode(Double.self, forKey: .directionSupport)
      let name = try values.decode(String.self, forKey: .relation)
      let rank = try values.decodeIfPresent(Int.self, forKey: .rank)
      guard let relation = Relation(name: name, rank: rank) else {
        throw DecodingError.dataCorruptedError(
          forKey: .relation, in: values, debugDescription: "unknown relation '\(name)'")
      }
      self.relation = relation
      rankEvidence = try values.decodeIfPresent(RankEvidence.self, forKey: .rankEvidence)
      share = try values.decodeIfPresent(Double.self, forKey: .share)
      isExtra = try values.decodeIfPresent(Bool.self, forKey: .extra) ?? false
      hint = try values.decodeIfPresent(Agreement.self, forKey: .hint)
    }

    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(source, forKey: .source)
      try values.encode(target, forKey: .target)
      try values.encode(distance, forKey: .distance)
      try values.encode(support, forKey: .support)
      try values.encode(directionSupport, forKey: .directionSupport)
      try values.encode(relation.name, forKey: .relation)
      try values.encodeIfPresent(relation.rank, forKey: .rank)
      try values.encodeIfPresent(rankEvidence, forKey: .rankEvidence)
      try values.encodeIfPresent(share, forKey: .share)
      if isUndecided { try values.encode(true, forKey: .undecided) }
      if isExtra { try values.encode(true, forKey: .extra) }
      try values.encodeIfPresent(hint, forKey: .hint)
    }
  }

  /// Facts about the recovery as a whole.
  public var graph: [String: String]
  public var nodes: [Node]
  /// One per model with a parent, in the order of the targets.
  public var links: [Link]
  /// The other parents of merges.
  public var extraLinks: [Link]

  public init(graph: [String: String], nodes: [Node], links: [Link], extraLinks: [Link] = []) {
    self.graph = graph
    self.nodes = nodes
    self.links = links
    self.extraLinks = extraLinks
  }

  public var familyCount: Int { Set(nodes.map(\.family)).count }
}
