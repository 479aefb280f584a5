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
    guard 1...4096 ~= workers else { throw ValidationError("--workers must be between 1 and 4096, got \(workers)") }
  }
}
