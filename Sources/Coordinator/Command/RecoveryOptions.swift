import ArgumentParser
import Core
import Foundation
import Lineage

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

struct LineageArguments: ParsableArguments {
  @Option(help: "auto, l2, l1 or max: what makes two models near.")
  var distance: DistanceMetric = .auto

  @Option(
    help: ArgumentHelp(
      "auto, specialization or generalization: what tells parent from child.",
      discussion:
        "auto: energy of the weights, corrected for weight decay. specialization: kurtosis falls in fine-tuning. generalization: kurtosis rises in pre-training."
    ))
  var stage: Stage = .auto

  @Option(help: "Extra cost of an edge against the direction, in mean distances.")
  var lambda: Double = 0.3

  @Option(help: ArgumentHelp("auto, or the number of families.", valueName: "auto|K"))
  var families = FamilyCount()

  func validate() throws {
    guard lambda.isFinite, lambda >= 0 else {
      throw ValidationError("--lambda must be 0 or more, got \(lambda)")
    }
  }

  var options: LineageOptions {
    LineageOptions(metric: distance, stage: stage, lambda: lambda, families: families.count)
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

/// Where workers from elsewhere connect.
struct ListenArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Endpoint for workers, as tcp://127.0.0.1:5555.", valueName: "endpoint"))
  var listen: String

  @Flag(help: "Allow an endpoint that other machines can reach, without any authentication.")
  var insecure = false
}
