package import Foundation

/// What can be seen of a coordinator from outside, at one moment: its jobs and the pool of workers.
///
/// Written to `status.json`, sent to whoever asks at the workers' endpoint, served by `--http`.
/// Times are seconds since the coordinator began; bytes are bytes of weights.
package struct PoolStatus: Codable, Sendable, Equatable {
  /// Raised when a field changes its meaning; new fields do not raise it.
  package static let currentFormat = 1

  /// In a run directory, and in that of a batch.
  package static let fileName = "status.json"

  package enum State: String, Codable, Sendable, CaseIterable {
    /// Headers are read, shards are planned.
    case planning
    /// Workers compare, or are waited for.
    case comparing
    /// Every shard is done; trees are being solved.
    case solving
    case finished
    /// Stopped by a signal, or ended by an error, and can go on.
    case stopped
  }

  package var format = PoolStatus.currentFormat
  package var software: String
  package var host: String
  package var process: Int
  /// Where workers connect to; nil with workers on this machine only.
  package var endpoint: String?
  package var started: Date
  /// When this status was taken.
  package var updated: Date
  /// The least advanced state of the jobs that have not ended.
  package var state: State
  package var jobs: [JobStatus]
  package var workers: [WorkerStatus]
  /// Over the last half minute.
  package var bytesPerSecond: Double
  /// Until the last shard that is known, at that rate; nil when the rate is 0.
  package var secondsLeft: Double?
  /// Throughput since the start, thinned to a few hundred points.
  package var history: [Throughput]
  /// The latest, newest last.
  package var failures: [FailureNote]
  /// Files that hosts could not open.
  package var missing: [MissingFile]
  /// The slowest, slowest first, with at least some megabytes read.
  package var slowestFiles: [FilePace]

  package init(
    software: String, host: String, process: Int, endpoint: String? = nil, started: Date, updated: Date,
    state: State, jobs: [JobStatus] = [], workers: [WorkerStatus] = [], bytesPerSecond: Double = 0,
    secondsLeft: Double? = nil, history: [Throughput] = [], failures: [FailureNote] = [],
    missing: [MissingFile] = [], slowestFiles: [FilePace] = []
  ) {
    self.software = software
    self.host = host
    self.process = process
    self.endpoint = endpoint
    self.started = started
    self.updated = updated
    self.state = state
    self.jobs = jobs
    self.workers = workers
    self.bytesPerSecond = bytesPerSecond
    self.secondsLeft = secondsLeft
    self.history = history
    self.failures = failures
    self.missing = missing
    self.slowestFiles = slowestFiles
  }

  /// One point of the throughput over time.
  package struct Throughput: Codable, Sendable, Equatable {
    /// Seconds since the start, at the end of the interval.
    package var seconds: Double
    package var bytesPerSecond: Double
    package var workers: Int

    package init(seconds: Double, bytesPerSecond: Double, workers: Int) {
      self.seconds = seconds
      self.bytesPerSecond = bytesPerSecond
      self.workers = workers
    }
  }

  /// Something that went wrong with a shard or a worker, for people.
  package struct FailureNote: Codable, Sendable, Equatable {
    package var time: Date
    package var worker: String
    /// Name of the job; nil when it concerns none.
    package var job: String?
    package var shard: Int?
    package var message: String

    package init(time: Date, worker: String, job: String?, shard: Int?, message: String) {
      self.time = time
      self.worker = worker
      self.job = job
      self.shard = shard
      self.message = message
    }
  }

  package struct MissingFile: Codable, Sendable, Equatable {
    package var host: String
    /// As the coordinator knows it.
    package var file: String

    package init(host: String, file: String) {
      self.host = host
      self.file = file
    }
  }

  /// How fast a file was read, by all workers together.
  package struct FilePace: Codable, Sendable, Equatable {
    package var file: String
    package var bytes: Int
    /// Spent reading.
    package var seconds: Double

    package init(file: String, bytes: Int, seconds: Double) {
      self.file = file
      self.bytes = bytes
      self.seconds = seconds
    }

    package var bytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds : 0 }
  }
}
