package import Core
package import System

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
package enum WireProtocol {
  /// Raised with every change that an older program could misread.
  package static let version = 6

  /// Largest control frame that a worker looks at: the stores of thousands of models.
  package static let largestControlBytes = 1 << 24

  /// Largest control frame that the coordinator looks at: workers have little to say.
  package static let largestReportBytes = 1 << 16

  /// What encryption may add to a frame.
  package static let envelopeBytes = 256
}

/// From a worker to the coordinator. Tags are never renumbered.
///
/// Numbers that are added up later are of types that bound them: a message with an absurd number cannot be
/// decoded. Shard and attempt numbers are looked up, never added.
package enum WorkerMessage: Sendable, Equatable {
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

  package struct Hello: Sendable, Equatable, Codable {
    package var protocolVersion: Int
    package var software: String
    package var host: String
    package var process: Count
    package var threads: Count
    package var memoryBytes: ByteTotal
    package var instructionSet: String

    package init(
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

  package struct Receipt: Sendable, Equatable, Codable {
    /// Fingerprint of the run that the shard belongs to.
    package var run: String
    package var shard: ShardID
    /// As in the assignment.
    package var part: ShardPart?
    package var attempt: Int
    package var bytesRead: ByteTotal
    package var seconds: Seconds

    package init(
      run: String, shard: ShardID, part: ShardPart? = nil, attempt: Int, bytesRead: Int, seconds: Double
    ) {
      self.run = run
      self.shard = shard
      self.part = part
      self.attempt = attempt
      self.bytesRead = ByteTotal(clamping: bytesRead)
      self.seconds = Seconds(clamping: seconds)
    }
  }

  package struct ShardFailure: Sendable, Equatable, Codable {
    package var run: String
    package var shard: ShardID
    /// As in the assignment.
    package var part: ShardPart?
    package var attempt: Int
    /// For people: file, tensor, what was found.
    package var message: String
    /// The file that this host cannot open, under the name that the coordinator gave it; nil when
    /// that is not what went wrong.
    package var missing: String?

    package init(
      run: String, shard: ShardID, part: ShardPart? = nil, attempt: Int, message: String, missing: String? = nil
    ) {
      self.run = run
      self.shard = shard
      self.part = part
      self.attempt = attempt
      self.message = message
      self.missing = missing
    }
  }

  /// Sent by a thread that does not compute, so that a long shard does not look like a dead worker.
  package struct Heartbeat: Sendable, Equatable, Codable {
    /// Bytes of weights read since the start; grows while the worker gets on.
    package var bytesRead: ByteTotal
    package var residentBytes: ByteTotal
    /// Files that were read slowest since the start, a few of them.
    package var slowest: [Pace]

    package init(bytesRead: Int, residentBytes: Int, slowest: [Pace] = []) {
      self.bytesRead = ByteTotal(clamping: bytesRead)
      self.residentBytes = ByteTotal(clamping: residentBytes)
      self.slowest = slowest
    }

    /// How fast a file could be read.
    package struct Pace: Sendable, Equatable, Codable {
      /// Under the name that the coordinator gave it.
      package var file: String
      package var bytes: ByteTotal
      /// Spent in reading.
      package var seconds: Seconds

      package init(file: String, bytes: Int, seconds: Double) {
        self.file = file
        self.bytes = ByteTotal(clamping: bytes)
        self.seconds = Seconds(clamping: seconds)
      }
    }
  }
}

/// From the coordinator to a worker. Tags are never renumbered.
package enum CoordinatorMessage: Sendable, Equatable {
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
  case revoke(AssignmentID)
  /// The answer to `ask`: JSON.
  case status(String)

  package struct Run: Sendable, Equatable, Codable {
    package var run: String
    /// HDF5 stores by model number.
    package var stores: [String]

    package init(run: String, stores: [String]) {
      self.run = run
      self.stores = stores
    }
  }

  /// A shard to compute. One that was decoded has no `flaw`.
  package struct Assignment: Sendable, Equatable, Codable {
    /// The run that the shard is numbered in.
    package var run: String
    package var shard: ShardID
    package var attempt: Int
    /// Of what is compared: models may have more rows.
    package var shape: TensorShape
    /// The first row that is compared.
    package var firstRow: Int
    /// Coordinates count from there.
    package var start: Int
    package var end: Int
    /// The part of the shard that is computed; nil for all of one that is not cut into pieces. Whatever it is,
    /// `start`, `end` and `samples` are those of the whole shard.
    package var part: ShardPart?
    package var statistics: Statistics
    /// Submatrices to send back as they are; see `SampleGrid`.
    package var samples: Int
    /// Shorter side of the block whose spectrum is taken, 0 for none; see `SpectrumGrid`.
    package var spectrum: Int
    /// The sketch to make, if any; see `SketchMap`.
    package var sketch: SampleShape?
    /// Where the models keep this tensor. Most models use the same name, so they share an entry.
    package var sources: [Source]

    package struct Source: Sendable, Equatable, Codable {
      package var tensor: String
      package var models: [Int]

      package init(tensor: String, models: [Int]) {
        self.tensor = tensor
        self.models = models
      }
    }

    package init(
      run: String, shard: ShardID, attempt: Int, shape: TensorShape, firstRow: Int = 0, coordinates: Range<Int>,
      statistics: Statistics, samples: Int = 0, spectrum: Int = 0,
      sketch: SampleShape? = nil, part: ShardPart? = nil, sources: [Source]
    ) {
      self.run = run
      self.shard = shard
      self.attempt = attempt
      self.shape = shape
      self.firstRow = firstRow
      start = coordinates.lowerBound
      end = coordinates.upperBound
      self.part = part
      self.statistics = statistics
      self.samples = samples
      self.spectrum = spectrum
      self.sketch = sketch
      self.sources = sources
    }

    /// What is computed of the shard.
    package var computed: ShardPart { part ?? ShardPart(wholeOf: 1) }

    /// The coordinates of it.
    package var coordinates: Range<Int> { computed.coordinates(in: start..<end, columns: shape.columns) }
  }
}
