import ArgumentParser
import Coordination
import Core
import Foundation
import Lineage
import Recovery
import System
import Transport

/// What `recover` and `coordinate` have in common.
struct RecoveryOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Model folders (Hugging Face, diffusers), .safetensors files, .h5 stores, or folders of these.",
      valueName: "model-or-dir"))
  var inputs: [String]

  @Option(help: ArgumentHelp("The run directory; made if it is not there.", valueName: "run"))
  var out: String

  @OptionGroup(title: "The tree") var lineage: LineageArguments

  @Option(help: ArgumentHelp("A truth.json to compare the result with at the end.", valueName: "file"))
  var truth: String?

  @Option(
    help: ArgumentHelp(
      "CSV or YAML with id, created, base_model; or auto: what model cards and adapters say.",
      discussion:
        "Dates forbid edges backwards in time. Declared bases change nothing: hints.csv and the tree say whether the weights agree.",
      valueName: "file|auto"))
  var hints: String?

  @Flag(help: "Start over: forget what the run directory holds.")
  var redo = false
}

extension Invocation {
  init(_ options: RecoveryOptions) {
    self.init(
      inputs: options.inputs, lineage: options.lineage.options, truth: options.truth, hints: options.hints)
  }
}

struct LineageArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "auto, l2, l1, max, lora, mother-ft or mother-lora: what makes two models near.",
      discussion:
        "lora: ranks of the differences. mother-ft and mother-lora: the published rules for full and low-rank fine-tunes, alone."
    ))
  var distance: DistanceMetric = .auto

  @Option(
    help: ArgumentHelp(
      "auto, specialization or generalization: what tells parent from child.",
      discussion:
        "auto: energy of the weights, corrected for weight decay. specialization: kurtosis falls in fine-tuning. generalization: kurtosis rises in pre-training. With a mother distance auto is specialization."
    ))
  var stage: Stage = .auto

  @Option(help: "Extra cost of an edge against the direction, in mean distances.")
  var lambda: Double = 0.3

  @Option(help: ArgumentHelp("auto, or the number of families.", valueName: "auto|K"))
  var families = FamilyCount()

  @Option(
    help: ArgumentHelp(
      "Of the mother distances: only square matrices whose name holds a word count for the distance.",
      discussion: "'query|key' is either word, 'published' the kinds that the authors' program takes.",
      valueName: "word"))
  var distanceLayers: String?

  @Option(help: ArgumentHelp("The same for the kurtosis.", valueName: "word"))
  var scoreLayers: String?

  func validate() throws {
    for (name, words) in [("distance", distanceLayers), ("score", scoreLayers)] where words != nil {
      guard distance.isPublished else {
        throw ValidationError(
          "--\(name)-layers belongs to the published rules; add --distance mother-ft or mother-lora")
      }
      guard words?.isEmpty == false else {
        throw ValidationError("--\(name)-layers needs a part of a tensor's name, got an empty word")
      }
    }
    guard lambda.isFinite, lambda >= 0 else {
      throw ValidationError("--lambda must be 0 or more, got \(lambda)")
    }
  }

  var options: LineageOptions {
    LineageOptions(
      metric: distance, stage: distance.isPublished && stage == .auto ? .specialization : stage,
      lambda: lambda, families: families.count, distanceLayers: distanceLayers, scoreLayers: scoreLayers)
  }
}

/// What the workers that are started here get.
struct WorkerArguments: ParsableArguments {
  @Option(help: "Worker processes on this machine; by default one per processor.")
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Memory of each worker for blocks of weights and their sums, as 512MB or 2GiB.")
  var memory: ByteCount = ByteCount(bytes: 1_000_000_000)

  func validate() throws {
    guard workers >= 1 else { throw ValidationError("--workers must be at least 1, got \(workers)") }
  }
}

/// How careful the coordinator is with its workers.
struct CheckingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Share of the shards that two workers compute and must agree on, from 0 to 1. Without it, one in a hundred of those that other hosts compute.",
      valueName: "share"))
  var verify: Double?

  @Option(
    help: ArgumentHelp(
      "A worker that says nothing for so long is given up, and its shards go to others.",
      valueName: "seconds"))
  var workerTimeout: Int = 10

  func validate() throws {
    if let verify, !(0...1).contains(verify) {
      throw ValidationError("--verify must be from 0 to 1, got \(verify)")
    }
    guard workerTimeout >= 3 else {
      throw ValidationError(
        "--worker-timeout must be at least 3 seconds (workers speak once a second), got \(workerTimeout)")
    }
  }

  var serving: ServingOptions {
    ServingOptions(silence: .seconds(workerTimeout), verified: verify)
  }

  /// Own workers; one cannot check itself.
  func local(_ workers: WorkerArguments, log: String) throws(Failure) -> Listening {
    guard verify ?? 0 == 0 || workers.workers > 1 else {
      throw .usage(
        "--verify compares two workers' sums, --workers gives one", advice: "give --workers 2 or more")
    }
    return .local(
      LocalWorkers.Options(count: workers.workers, memoryBytes: workers.memory.bytes, logPath: log))
  }
}

/// Who may connect.
struct KeyArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder that 'modeltree keygen' made: workers need a key that it allows.", valueName: "dir"))
  var keys: String?

  @Flag(help: "Allow an endpoint that other machines can reach, without any authentication.")
  var insecure = false

  func listening(on endpoint: String) throws(Failure) -> Listening {
    try Endpoint.check(endpoint, side: .coordinator, hasKeys: keys != nil, insecure: insecure)
    guard let keys else { return .endpoint(endpoint, keys: nil) }
    return .endpoint(endpoint, keys: try CoordinatorKeys(path: keys))
  }
}

/// Workers on this machine, or from elsewhere.
struct PoolArguments: ParsableArguments {
  @OptionGroup(title: "Workers") var here: WorkerArguments

  @Option(
    help: ArgumentHelp(
      "Endpoint for workers from elsewhere, instead of workers on this machine.",
      valueName: "endpoint"))
  var listen: String?

  @OptionGroup(title: "Keys") var keys: KeyArguments

  /// The endpoint for workers from elsewhere, nil for workers on this machine.
  func remote() throws(Failure) -> Listening? {
    try listen.map { endpoint throws(Failure) in try keys.listening(on: endpoint) }
  }
}
