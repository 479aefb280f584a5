/// One worker process, as seen from outside.
public struct WorkerStatus: Codable, Sendable, Equatable {
  public enum State: String, Codable, Sendable, CaseIterable {
    case computing
    /// Connected, and there is nothing for it to do.
    case idle
    /// Nothing was heard of it for some seconds.
    case silent
  }

  /// Host and process number.
  public var name: String
  public var host: String
  public var process: Int
  /// Name of its key in the list of allowed workers.
  public var key: String?
  public var state: State
  /// Shards that it holds, the longest held first.
  public var shards: [HeldShard]
  public var shardsDone: Int
  public var bytesRead: Int
  /// Over the last half minute.
  public var bytesPerSecond: Double
  public var residentBytes: Int
  public var memoryBytes: Int
  public var threads: Int
  public var secondsSinceHeard: Double

  public init(
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

  public struct HeldShard: Codable, Sendable, Equatable {
    public var job: String
    public var shard: Int
    public var tensor: String
    /// Since it was handed out.
    public var seconds: Double

    public init(job: String, shard: Int, tensor: String, seconds: Double) {
      self.job = job
      self.shard = shard
      self.tensor = tensor
      self.seconds = seconds
    }
  }
}
