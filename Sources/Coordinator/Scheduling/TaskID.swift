package import Core

/// A shard as the scheduler numbers it: the shards of all jobs are numbered through, in the order in which the
/// jobs were added. `JobTasks` maps these numbers to those of a job's plan and back.
package struct TaskID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let value: Int
  package init(_ value: Int) { self.value = value }
  package static func < (a: TaskID, b: TaskID) -> Bool { a.value < b.value }
  package var description: String { "\(value)" }
}

/// The tasks of one job: the n-th shard of its plan is the n-th of them.
package struct JobTasks: Sendable, Hashable {
  package let job: JobID
  let range: Range<Int>

  package var count: Int { range.count }

  /// - Returns: nil when the plan has no such shard, whatever the number.
  package func task(of shard: ShardID) -> TaskID? {
    // Compared before it is added: the number may come from anywhere.
    guard shard.value >= 0, shard.value < range.count else { return nil }
    return TaskID(range.lowerBound + shard.value)
  }

  /// - Parameter task: one of the job's own.
  package func shard(of task: TaskID) -> ShardID {
    precondition(range.contains(task.value), "task \(task) is not one of \(job)")
    return ShardID(task.value - range.lowerBound)
  }
}

/// What a task stands for: a shard, or part of one.
package struct TaskPlace: Sendable, Hashable {
  /// The task that is the whole shard.
  package let root: TaskID
  package let part: ShardPart
}
