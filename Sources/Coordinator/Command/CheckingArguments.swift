import ArgumentParser
import Coordination
import System

/// How careful the coordinator is with its workers.
struct CheckingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Share of the shards that two workers compute and must agree on, from 0 to 1. By default, one in a hundred of those that other hosts compute.",
      valueName: "share"))
  var verify: Double?

  @Option(
    help: ArgumentHelp(
      "Give up on a worker after this many seconds of silence and reassign its shards.",
      valueName: "seconds"))
  var workerTimeout: Int = 10

  func validate() throws {
    if let verify, !(0...1).contains(verify) {
      throw ValidationError("--verify must be from 0 to 1, got \(verify)")
    }
    guard 3...1_000_000_000 ~= workerTimeout else {
      throw ValidationError(
        "--worker-timeout must be between 3 seconds (workers report once a second) and 1000000000, got \(workerTimeout)"
      )
    }
  }

  var serving: ServingOptions {
    ServingOptions(silence: .seconds(workerTimeout), verified: verify)
  }

  /// Workers on this machine; a single one cannot check itself.
  func local(_ workers: WorkerArguments, log: String) throws(Failure) -> Listening {
    guard verify ?? 0 == 0 || workers.workers > 1 else {
      throw .usage(
        "--verify compares the sums of two workers, but --workers is 1", advice: "give --workers 2 or more")
    }
    return .local(
      LocalWorkers.Options(count: workers.workers, memoryBytes: workers.memory.bytes, logPath: log))
  }
}
