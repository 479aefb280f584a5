/// One worker process, as seen from outside.
package struct WorkerStatus: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable, CaseIterable {
    case computing
    /// Connected, and there is nothing for it to do.
    case idle
    /// Nothing was heard of it for some seconds.
    case silent
  }

  /// Host and process number.
  package var name: String
  package var host: String
  package var process: Int
  /// Name of its key in the list of allowed workers.
  package var key: String?
  package var state: State
  /// Shards that it holds, the longest held first.
  package var shards: [HeldShard]
  package var shardsDone: Int
  package var bytesRead: Int
  /// Over the last half minute.
  package var bytesPerSecond: Double
  package var residentBytes: Int
  package var memoryBytes: Int
  package var threads: Int
  package var secondsSinceHeard: Double

  package init(
    name: String, host: String, process: Int, key: String? = nil, state: State, shards: [HeldShard] = [],
    shardsDone: Int = 0, bytesRead: Int = 0, bytesPerSecond: Double = 0, residentBytes: Int = 0,
    memoryBytes: Int = 0, threads: Int = 1, secondsSinceHeard: Double = 0
  ) {
    self.name = name
    self.host = host
    self.process = process
    self.key = key
    self.state = state
    self.shards = shards
    self.shardsDone = shardsDone
    self.bytesRead = bytesRead
    self.bytesPerSecond = bytesPerSecond
    self.residentBytes = residentBytes
    self.memoryBytes = memoryBytes
    self.threads = threads
    self.secondsSinceHeard = secondsSinceHeard
  }

  package struct HeldShard: Codable, Sendable, Equatable {
    package var job: String
    package var shard: Int
    package var tensor: String
    /// Since it was handed out.
    package var seconds: Double

    package init(job: String, shard: Int, tensor: String, seconds: Double) {
      self.job = job
      self.shard = shard
      self.tensor = tensor
      self.seconds = seconds
    }
  }
}
