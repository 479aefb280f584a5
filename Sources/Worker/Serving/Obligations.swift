internal import Core
package import Wire

/// What a worker keeps for its coordinator: the runs that are open, and the shards that were assigned and not answered
/// yet. Bounded far above what any coordinator of this program asks for, so that none can fill the worker's memory.
package struct Obligations: Sendable {
  /// A batch has at most 4096 runs at once.
  package static let mostRuns = 8192
  /// Bytes of the messages that opened them: a hundred names of stores in each of 4096 runs are 40 MB.
  package static let mostRunBytes = 256 << 20
  /// Bytes of the messages that assigned what is under way, at least: a shard of a thousand models takes 5 kB.
  package static let mostShardBytes = 64 << 20
  /// The same for each shard that may be under way, so that workers with many threads take as much as they ask for.
  private static let bytesOfShard = 64 << 10

  private struct Run {
    var stores: [String]
    var bytes: Int
  }

  private struct Given {
    var weights: Int
    var bytes: Int
  }

  private let mostShards: Int
  private let mostBytes: Int
  private var runs: [String: Run] = [:]
  private var runBytes = 0
  /// Was there a run too many?
  private var hasRefused = false
  private var shards: [AssignmentID: Given] = [:]
  private var shardBytes = 0

  /// - Parameter mostShards: that are under way at a time.
  package init(mostShards: Int) {
    self.mostShards = mostShards
    mostBytes = max(Self.mostShardBytes, mostShards * Self.bytesOfShard)
  }

  /// Shards under way.
  package var count: Int { shards.count }

  /// The stores of an open run; nil for any other.
  package func stores(of run: String) -> [String]? { runs[run]?.stores }

  package func isUnderWay(_ id: AssignmentID) -> Bool { shards[id] != nil }

  /// Opens a run, or one that is open with other stores.
  ///
  /// - Parameter bytes: of the message.
  /// - Returns: false when that would be too much; then the run is not open.
  package mutating func open(_ run: CoordinatorMessage.Run, bytes: Int) -> Bool {
    _ = close(run.run)
    guard runs.count < Self.mostRuns, bytes <= Self.mostRunBytes - runBytes else {
      hasRefused = true
      return false
    }
    runs[run.run] = Run(stores: run.stores, bytes: bytes)
    runBytes += bytes
    return true
  }

  /// - Returns: the stores of the run; nil when it was not open.
  package mutating func close(_ run: String) -> [String]? {
    guard let closed = runs.removeValue(forKey: run) else { return nil }
    runBytes -= closed.bytes
    return closed.stores
  }

  package enum Answer: Sendable, Equatable {
    case take
    /// The shard is of a run that has ended, or is under way: nobody waits for another answer.
    case ignore
    case refuse(String)
  }

  /// What to do about a shard that is assigned.
  ///
  /// - Parameter bytes: of the message that assigns it.
  package func answer(to id: AssignmentID, bytes: Int) -> Answer {
    guard shards[id] == nil else { return .ignore }
    guard runs[id.run] != nil else {
      guard hasRefused else { return .ignore }
      return .refuse("this worker did not open its run: it had \(runs.count) open, with \(runBytes) bytes of names")
    }
    guard shards.count < mostShards, bytes <= mostBytes - shardBytes else {
      return .refuse(
        "this worker has \(shards.count) shards under way, \(shardBytes) bytes of messages, and takes at most \(mostShards) and \(mostBytes)"
      )
    }
    return .take
  }

  /// Takes a shard that `answer` lets pass.
  package mutating func take(_ id: AssignmentID, weights: Int, bytes: Int) {
    shards[id] = Given(weights: weights, bytes: bytes)
    shardBytes += bytes
  }

  /// - Returns: the weights of the shard; nil when it was not under way.
  package mutating func end(_ id: AssignmentID) -> Int? {
    guard let given = shards.removeValue(forKey: id) else { return nil }
    shardBytes -= given.bytes
    return given.weights
  }

  /// The coordinator has forgotten everything.
  package mutating func forget() { self = Obligations(mostShards: mostShards) }
}
