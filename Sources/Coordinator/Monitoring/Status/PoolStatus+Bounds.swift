extension PoolStatus {
  /// More jobs, shards, workers or models than any run has.
  private static let mostItems = 1 << 31
  /// More than any file system holds; sums of such numbers are clamped.
  private static let mostBytes = 1 << 60
  /// 30,000 years, in seconds either way: clocks may disagree.
  private static let longest = 1e12
  private static let fastest = 1e18

  /// The first field whose number no run can have, and what was expected; nil for a status that is worth showing.
  ///
  /// A status comes from a file or over the network: nothing after decoding checks its numbers again.
  var outOfBounds: String? {
    var check = Check()
    check.count(process, "process")
    check.rate(bytesPerSecond, "bytes_per_second")
    check.span(secondsLeft ?? 0, "seconds_left")
    for job in jobs { check(job) }
    for worker in workers { check(worker) }
    for point in history {
      check.span(point.seconds, "history.seconds")
      check.rate(point.bytesPerSecond, "history.bytes_per_second")
      check.count(point.workers, "history.workers")
    }
    for failure in failures { check.count(failure.shard ?? 0, "failures.shard") }
    for file in slowestFiles {
      check.bytes(file.bytes, "slowest_files.bytes")
      check.span(file.seconds, "slowest_files.seconds")
    }
    return check.problem
  }

  private struct Check {
    private(set) var problem: String?

    mutating func count(_ value: Int, _ field: String) { require(value, 0...mostItems, field) }
    mutating func bytes(_ value: Int, _ field: String) { require(value, 0...mostBytes, field) }
    mutating func rate(_ value: Double, _ field: String) { require(value, 0...fastest, field) }
    mutating func span(_ value: Double, _ field: String) { require(value, -longest...longest, field) }

    mutating func callAsFunction(_ job: JobStatus) {
      count(job.models, "jobs.models")
      count(job.shards, "jobs.shards")
      count(job.shardsDone, "jobs.shards_done")
      count(job.shardsLeased, "jobs.shards_leased")
      count(job.shardsSetAside, "jobs.shards_set_aside")
      count(job.shardsPerCell, "jobs.shards_per_cell")
      bytes(job.bytes, "jobs.bytes")
      bytes(job.bytesDone, "jobs.bytes_done")
      guard let tree = job.tree else { return }
      count(tree.tensorsUsed, "jobs.tree.tensors_used")
      count(tree.tensors, "jobs.tree.tensors")
      for family in tree.families {
        count(family.models, "jobs.tree.families.models")
        for edge in family.edges { require(edge.support, 0...1, "jobs.tree.families.edges.support") }
      }
    }

    mutating func callAsFunction(_ worker: WorkerStatus) {
      count(worker.process, "workers.process")
      count(worker.shardsDone, "workers.shards_done")
      count(worker.threads, "workers.threads")
      bytes(worker.bytesRead, "workers.bytes_read")
      bytes(worker.residentBytes, "workers.resident_bytes")
      bytes(worker.memoryBytes, "workers.memory_bytes")
      rate(worker.bytesPerSecond, "workers.bytes_per_second")
      span(worker.secondsSinceHeard, "workers.seconds_since_heard")
      for shard in worker.shards {
        count(shard.shard, "workers.shards.shard")
        span(shard.seconds, "workers.shards.seconds")
      }
    }

    private mutating func require<Value: Comparable>(_ value: Value, _ range: ClosedRange<Value>, _ field: String) {
      guard problem == nil, !range.contains(value) else { return }
      problem = "'\(field)' is \(value), expected \(range.lowerBound) to \(range.upperBound)"
    }
  }
}
