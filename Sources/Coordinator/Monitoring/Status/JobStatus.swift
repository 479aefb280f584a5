/// One recovery, as seen from outside.
package struct JobStatus: Codable, Sendable, Equatable {
  package var name: String
  /// The run directory.
  package var run: String
  package var state: PoolStatus.State
  package var models: Int
  package var shards: Int
  package var shardsDone: Int
  package var shardsLeased: Int
  package var shardsSetAside: Int
  package var bytes: Int
  /// Of finished shards, in this session and earlier ones.
  package var bytesDone: Int
  /// One character per shard in the order of the plan, or per run of `shardsPerCell` shards when there
  /// are many: `.` open, `o` under way, `#` done, `x` set aside. A cell shows its least advanced shard,
  /// unless one is under way or set aside.
  package var map: String
  package var shardsPerCell: Int
  /// What the finished tensors say so far; nil until some are finished, and when it is off.
  package var tree: PartialTree?
  /// The error that ended it, and what to do; nil for a job that no error ended.
  package var failure: String?

  package init(
    name: String, run: String, state: PoolStatus.State, models: Int, shards: Int, shardsDone: Int,
    shardsLeased: Int, shardsSetAside: Int, bytes: Int, bytesDone: Int, map: String, shardsPerCell: Int,
    tree: PartialTree? = nil, failure: String? = nil
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
    self.failure = failure
  }

  /// A job that an error ended before it had shards.
  package init(name: String, run: String, failedAtStart failure: String) {
    self.init(
      name: name, run: run, state: .stopped, models: 0, shards: 0, shardsDone: 0, shardsLeased: 0, shardsSetAside: 0,
      bytes: 0, bytesDone: 0, map: "", shardsPerCell: 1, failure: failure)
  }

  /// The forest that the tensors finished so far give.
  package struct PartialTree: Codable, Sendable, Equatable {
    package var tensorsUsed: Int
    package var tensors: Int
    package var families: [Family]

    package init(tensorsUsed: Int, tensors: Int, families: [Family]) {
      self.tensorsUsed = tensorsUsed
      self.tensors = tensors
      self.families = families
    }
  }

  package struct Family: Codable, Sendable, Equatable {
    /// Are its members and its directions as good as settled: every edge's support is high?
    package var isCertain: Bool
    package var root: String
    package var models: Int
    package var edges: [Edge]

    package init(isCertain: Bool, root: String, models: Int, edges: [Edge]) {
      self.isCertain = isCertain
      self.root = root
      self.models = models
      self.edges = edges
    }
  }

  package struct Edge: Codable, Sendable, Equatable {
    package var parent: String
    package var child: String
    /// 0 to 1.
    package var support: Double

    package init(parent: String, child: String, support: Double) {
      self.parent = parent
      self.child = child
      self.support = support
    }
  }
}
