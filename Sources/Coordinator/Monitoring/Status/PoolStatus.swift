public import Foundation

/// What can be seen of a coordinator from outside, at one moment: its jobs and the pool of workers.
///
/// Written to `status.json`, sent to whoever asks at the workers' endpoint, served by `--http`.
/// Times are seconds since the coordinator began; bytes are bytes of weights.
public struct PoolStatus: Codable, Sendable, Equatable {
  /// Raised when a field changes its meaning; new fields do not raise it.
  public static let currentFormat = 1

  /// In a run directory, and in that of a batch.
  public static let fileName = "status.json"

  public enum State: String, Codable, Sendable, CaseIterable {
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

  public var format = PoolStatus.currentFormat
  public var software: String
  public var host: String
  public var process: Int
  /// Where workers connect to; nil with workers on this machine only.
  public var endpoint: String?
  public var started: Date
  /// When this status was taken.
  public var updated: Date
  /// The least advanced state of the jobs that have not ended.
  public var state: State
  public var jobs: [JobStatus]
  public var workers: [WorkerStatus]
  /// Over the last half minute.
  public var bytesPerSecond: Double
  /// Until the last shard that is known, at that rate; nil when the rate is 0.
  public var secondsLeft: Double?
  /// Throughput since the start, thinned to a few hundred points.
  public var history: [Throughput]
  /// The latest, newest last.
  public var failures: [FailureNote]
  /// Files that hosts could not open.
  public var missing: [MissingFile]
  /// The slowest, slowest first, with at least some megabytes read.
  public var slowestFiles: [FilePace]

  public init(
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
  public struct Throughput: Codable, Sendable, Equatable {
    /// Seconds since the start, at the end of the interval.
    public var seconds: Double
    public var bytesPerSecond: Double
    public var workers: Int

    public init(seconds: Double, bytesPerSecond: Double, workers: Int) {
      self.seconds = seconds
      self.bytesPerSecond = bytesPerSecond
      self.workers = workers
    }
  }

  /// Something that went wrong with a shard or a worker, for people.
  public struct FailureNote: Codable, Sendable, Equatable {
    public var time: Date
    public var worker: String
    /// Name of the job; nil when it concerns none.
    public var job: String?
    public var shard: Int?
    public var message: String

    public init(time: Date, worker: String, job: String?, shard: Int?, message: String) {
      self.time = time
      self.worker = worker
      self.job = job
      self.shard = shard
      self.message = message
    }
  }

  public struct MissingFile: Codable, Sendable, Equatable {
    public var host: String
    /// As the coordinator knows it.
    public var file: String

    public init(host: String, file: String) {
      self.host = host
      self.file = file
    }
  }

  /// How fast a file was read, by all workers together.
  public struct FilePace: Codable, Sendable, Equatable {
    public var file: String
    public var bytes: Int
    /// Spent reading.
    public var seconds: Double

    public init(file: String, bytes: Int, seconds: Double) {
      self.file = file
      self.bytes = bytes
      self.seconds = seconds
    }

    public var bytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds : 0 }
  }
}
