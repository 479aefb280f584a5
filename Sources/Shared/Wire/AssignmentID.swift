package import Core

/// A shard, or part of one, of one of the runs that a worker serves, as it was handed out.
package struct AssignmentID: Sendable, Hashable, Codable {
  package var run: String
  package var shard: ShardID
  /// As in the assignment.
  package var part: ShardPart?
  package var attempt: Int

  package init(run: String, shard: ShardID, part: ShardPart? = nil, attempt: Int) {
    self.run = run
    self.shard = shard
    self.part = part
    self.attempt = attempt
  }

  package init(_ assignment: CoordinatorMessage.Assignment) {
    self.init(run: assignment.run, shard: assignment.shard, part: assignment.part, attempt: assignment.attempt)
  }
}
