/// One recovery, as seen from outside.
public struct JobStatus: Codable, Sendable, Equatable {
  public var name: String
  /// The run directory.
  public var run: String
  public var state: PoolStatus.State
  public var models: Int
  public var shards: Int
  public var shardsDone: Int
  public var shardsLeased: Int
  public var shardsSetAside: Int
  public var bytes: Int
  /// Of finished shards, in this session and earlier ones.
  public var bytesDone: Int
  /// One character per shard in the order of the plan, or per run of `shardsPerCell` shards when there
  /// are many: `.` open, `o` under way, `#` done, `x` set aside. A cell shows its least advanced shard,
  /// unless one is under way or set aside.
  public var map: String
  public var shardsPerCell: Int
  /// What the finished tensors say so far; nil until some are finished, and when it is off.
  public var tree: PartialTree?

  public init(
    name: String, run: String, state: PoolStatus.State, models: Int, shards: Int, shardsDone: Int,
    shardsLeased: Int, shardsSetAside: Int, bytes: Int, bytesDone: Int, map: String, shardsPerCell: Int,
    tree: PartialTree? = nil
  ) {
    self.name = name
    self.run = run
    self.state = state
    self.models = models
    self.shards = shards
    self.shardsDone = shardsDone
    self.shardsLeased = shardsLeased
    self.shardsSetAside = shardsSetAside
    self.bytes = bytes
    self.bytesDone = bytesDone
    self.map = map
    self.shardsPerCell = shardsPerCell
    self.tree = tree
  }

  /// The forest that the tensors finished so far give.
  public struct PartialTree: Codable, Sendable, Equatable {
    public var tensorsUsed: Int
    public var tensors: Int
    public var families: [Family]

    public init(tensorsUsed: Int, tensors: Int, families: [Family]) {
      self.tensorsUsed = tensorsUsed
      self.tensors = tensors
      self.families = families
    }
  }

  public struct Family: Codable, Sendable, Equatable {
    /// Are its members and its directions as good as settled: every edge's support is high?
    public var isCertain: Bool
    public var root: String
    public var models: Int
    public var edges: [Edge]

    public init(isCertain: Bool, root: String, models: Int, edges: [Edge]) {
      self.isCertain = isCertain
      self.root = root
      self.models = models
      self.edges = edges
    }
  }

  public struct Edge: Codable, Sendable, Equatable {
    public var parent: String
    public var child: String
    /// 0 to 1.
    public var support: Double

    public init(parent: String, child: String, support: Double) {
      self.parent = parent
      self.child = child
      self.support = support
    }
  }
}
