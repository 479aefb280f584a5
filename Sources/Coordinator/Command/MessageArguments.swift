import ArgumentParser
import Logs

/// What is said beside results.
struct MessageArguments: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing on standard error but errors; results are printed all the same.")
  var quiet = false

  func apply() { if quiet { StandardError.sayErrorsOnly() } }
}
