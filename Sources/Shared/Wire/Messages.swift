public import Core
public import System

/// The protocol between coordinator and workers.
///
/// A worker says `hello`; the coordinator answers `welcome` or `reject`. Then the worker asks for
/// work by `ready`, which grants credit: the coordinator never sends more shards than the worker
/// asked for. Before the first shard of a run it says `open` with the run's stores, and `close` when
/// the run has no more shards; a coordinator may have several runs open. Each assignment carries an
/// attempt number that the answer repeats, so that late and repeated answers are recognised. A
/// coordinator that does not know the sender (it was restarted, or the connection is new) says
/// `whoAreYou`, and the worker says `hello` again. Whoever only wants to watch says `ask`, without a
/// `hello`, and is sent the status.
public enum WireProtocol {
  /// Raised with every change that an older program could misread.
  public static let version = 5

  /// Largest control frame that a worker looks at: the stores of thousands of models.
  public static let largestControlBytes = 1 << 24

  /// Largest control frame that the coordinator looks at: workers have little to say.
  public static let largestReportBytes = 1 << 16

  /// What encryption may add to a frame.
  public static let envelopeBytes = 256
}

/// From a worker to the coordinator. Tags are never renumbered.
///
/// Numbers that are added up later are of types that bound them: a message with an absurd number cannot be
/// decoded. Shard and attempt numbers are looked up, never added.
public enum WorkerMessage: Sendable, Equatable {
  case hello(Hello)
  /// So many more shards may be sent.
  case ready(credit: Count)
  /// The encoded partial follows as the message's second frame.
  case done(Receipt)
  case failed(ShardFailure)
  case heartbeat(Heartbeat)
  /// Leaves of its own will; shards it holds go to others at once.
  case goodbye
  /// From an onlooker: how far is it?
  case ask

  public struct Hello: Sendable, Equatable, Codable {
    public var protocolVersion: Int
    public var software: String
    public var host: String
    public var process: Count
    public var threads: Count
    public var memoryBytes: ByteTotal
    public var instructionSet: String

    public init(
      protocolVersion: Int = WireProtocol.version, software: String = Version.software, host: String,
      process: Int, threads: Int, memoryBytes: Int, instructionSet: String
    ) {
      self.protocolVersion = protocolVersion
      self.software = software
      self.host = host
      self.process = Count(clamping: process)
      self.threads = Count(clamping: threads)
      self.memoryBytes = ByteTotal(clamping: memoryBytes)
      self.instructionSet = instructionSet
    }
  }

  public struct Receipt: Sendable, Equatable, Codable {
    /// Fingerprint of the run that the shard belongs to.
    public var run: String
    public var shard: ShardID
    public var attempt: Int
    public var bytesRead: ByteTotal
    public var seconds: Seconds

    public init(run: String, shard: ShardID, attempt: Int, bytesRead: Int, seconds: Double) {
      self.run = run
      self.shard = shard
      self.attempt = attempt
      self.bytesRead = ByteTotal(clamping: bytesRead)
      self.seconds = Seconds(clamping: seconds)
    }
  }

  public struct ShardFailure: Sendable, Equatable, Codable {
    public var run: String
    public var shard: ShardID
    public var attempt: Int
    /// For people: file, tensor, what was found.
    public var message: String
    /// The file that this host cannot open, under the name that the coordinator gave it; nil when
    /// that is not what went wrong.
    public var missing: String?

    public init(run: String, shard: ShardID, attempt: Int, message: String, missing: String? = nil) {
      self.run = run
      self.shard = shard
      self.attempt = attempt
      self.message = message
      self.missing = missing
    }
  }

  /// Sent by a thread that does not compute, so that a long shard does not look like a dead worker.
  public struct Heartbeat: Sendable, Equatable, Codable {
    /// Bytes of weights read since the start; grows while the worker gets on.
    public var bytesRead: ByteTotal
    public var residentBytes: ByteTotal
    /// Files that were read slowest since the start, a few of them.
    public var slowest: [Pace]

    public init(bytesRead: Int, residentBytes: Int, slowest: [Pace] = []) {
      self.bytesRead = ByteTotal(clamping: bytesRead)
      self.residentBytes = ByteTotal(clamping: residentBytes)
      self.slowest = slowest
    }

    /// How fast a file could be read.
    public struct Pace: Sendable, Equatable, Codable {
      /// Under the name that the coordinator gave it.
      public var file: String
      public var bytes: ByteTotal
      /// Spent in reading.
      public var seconds: Seconds

      public init(file: String, bytes: Int, seconds: Double) {
        self.file = file
        self.bytes = ByteTotal(clamping: bytes)
        self.seconds = Seconds(clamping: seconds)
      }
    }
  }
}

/// From the coordinator to a worker. Tags are never renumbered.
public enum CoordinatorMessage: Sendable, Equatable {
  /// The worker may ask for shards.
  case welcome
  /// Final: the worker leaves with this reason.
  case reject(reason: String)
  case assign(Assignment)
  /// Every shard of every run is done: the worker may leave.
  case finished
  case whoAreYou
  /// An answer to a heartbeat: the coordinator is alive.
  case alive
  /// Shards of this run will follow.
  case open(Run)
  /// No more shards of the run come.
  case close(run: String)
  /// A shard that waits in the worker's queue was given to an idle one.
  case revoke(run: String, shard: ShardID, attempt: Int)
  /// The answer to `ask`: JSON.
  case status(String)

  struct Revocation: Sendable, Equatable, Codable {
    var run: String
    var shard: ShardID
    var attempt: Int
  }

  public struct Run: Sendable, Equatable, Codable {
    public var run: String
    /// HDF5 stores by model number.
    public var stores: [String]

    public init(run: String, stores: [String]) {
      self.run = run
      self.stores = stores
    }
  }

  public struct Assignment: Sendable, Equatable, Codable {
    /// The run that the shard is numbered in.
    public var run: String
    public var shard: ShardID
    public var attempt: Int
    /// Of what is compared: models may have more rows.
    public var shape: TensorShape
    /// The first row that is compared.
    public var firstRow: Int
    /// Coordinates count from there.
    public var start: Int
    public var end: Int
    public var statistics: Statistics
    /// Submatrices to send back as they are; see `SampleGrid`.
    public var samples: Int
    /// Shorter side of the block whose spectrum is taken, 0 for none; see `SpectrumGrid`.
    public var spectrum: Int
    /// The sketch to make, if any; see `SketchMap`.
    public var sketch: SampleShape?
    /// Where the models keep this tensor. Most models use the same name, so they share an entry.
    public var sources: [Source]

    public struct Source: Sendable, Equatable, Codable {
      public var tensor: String
      public var models: [Int]

      public init(tensor: String, models: [Int]) {
        self.tensor = tensor
        self.models = models
      }
    }

    public init(
      run: String, shard: ShardID, attempt: Int, shape: TensorShape, firstRow: Int = 0, coordinates: Range<Int>,
      statistics: Statistics, samples: Int = 0, spectrum: Int = 0,
      sketch: SampleShape? = nil, sources: [Source]
    ) {
      self.run = run
      self.shard = shard
      self.attempt = attempt
      self.shape = shape
      self.firstRow = firstRow
      start = coordinates.lowerBound
      end = coordinates.upperBound
      self.statistics = statistics
      self.samples = samples
      self.spectrum = spectrum
      self.sketch = sketch
      self.sources = sources
    }
  }
}
