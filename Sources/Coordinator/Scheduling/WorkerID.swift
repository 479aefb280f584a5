public import Core

/// A worker as the coordinator knows it. A worker that comes back after it was given up is new.
public struct WorkerID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let value: Int
  public init(_ value: Int) { self.value = value }
  public static func < (a: WorkerID, b: WorkerID) -> Bool { a.value < b.value }
  public var description: String { "worker \(value)" }
}

/// The right to compute a shard, given to one worker.
public struct Lease: Sendable, Hashable {
  public let shard: ShardID
  /// Counts the times that the shard was handed out, from 1.
  public let attempt: Int

  public init(shard: ShardID, attempt: Int) {
    self.shard = shard
    self.attempt = attempt
  }
}

/// One of the runs whose shards are handed out, in the order in which they were added.
public struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let value: Int
  public init(_ value: Int) { self.value = value }
  public static func < (a: JobID, b: JobID) -> Bool { a.value < b.value }
  public var description: String { "job \(value)" }
}
