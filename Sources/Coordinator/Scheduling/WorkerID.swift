/// A worker as the coordinator knows it. A worker that comes back after it was given up is new.
package struct WorkerID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let value: Int
  package init(_ value: Int) { self.value = value }
  package static func < (a: WorkerID, b: WorkerID) -> Bool { a.value < b.value }
  package var description: String { "worker \(value)" }
}

/// The right to compute a task, given to one worker.
package struct Lease: Sendable, Hashable {
  package let task: TaskID
  /// Counts the times that the task was handed out, from 1.
  package let attempt: Int

  package init(task: TaskID, attempt: Int) {
    self.task = task
    self.attempt = attempt
  }
}

/// One of the runs whose tasks are handed out, in the order in which they were added.
package struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let value: Int
  package init(_ value: Int) { self.value = value }
  package static func < (a: JobID, b: JobID) -> Bool { a.value < b.value }
  package var description: String { "job \(value)" }
}
