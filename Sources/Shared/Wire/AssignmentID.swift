package import Core

/// A shard of one of the runs that a worker serves, as it was handed out.
package struct AssignmentID: Sendable, Hashable, Codable {
  package var run: String
  package var shard: ShardID
  package var attempt: Int

  package init(run: String, shard: ShardID, attempt: Int) {
    self.run = run
    self.shard = shard
    self.attempt = attempt
  }

  package init(_ assignment: CoordinatorMessage.Assignment) {
    self.init(run: assignment.run, shard: assignment.shard, attempt: assignment.attempt)
  }
}
