import ArgumentParser
import Logs

/// What is said beside results.
struct MessageArguments: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print only errors on standard error; results are still printed.")
  var quiet = false

  func apply() { if quiet { StandardError.sayErrorsOnly() } }
}
