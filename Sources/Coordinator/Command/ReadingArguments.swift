import ArgumentParser
import Foundation

/// How models are read for fingerprints.
struct ReadingArguments: ParsableArguments {
  @Option(help: "Tensors that are read at the same time; one per processor by default. Each takes up to 40 MB.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard 1...4096 ~= threads else { throw ValidationError("--threads must be between 1 and 4096, got \(threads)") }
  }
}
