import ArgumentParser
import Foundation
import System

/// The workers that are started on this machine.
struct WorkerArguments: ParsableArguments {
  @Option(help: "Worker processes on this machine; one per processor by default.")
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Memory of each worker for blocks of weights and their sums, such as 512MB or 2GiB.")
  var memory: ByteCount = ByteCount(bytes: 1_000_000_000)

  func validate() throws {
    guard workers >= 1 else { throw ValidationError("--workers must be at least 1, got \(workers)") }
  }
}
