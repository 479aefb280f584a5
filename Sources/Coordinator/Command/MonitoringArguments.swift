import ArgumentParser
import Core
import Logs
import Monitoring
import System

/// How a run can be watched from outside.
struct MonitoringArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serve a page that follows the run, its status.json, metrics for Prometheus and healthz.",
      discussion:
        "As 8080 for this machine alone, 0.0.0.0:8080 for the network. Nobody is asked who they are: the page shows names of models and hosts, and changes nothing.",
      valueName: "address"),
    transform: { try HTTPAddress($0) })
  var http: HTTPAddress?

  @Option(
    help: ArgumentHelp(
      "text, or json: what is said on standard error, one JSON object a line.", valueName: "text|json"))
  var logFormat: LogFormat = .text

  /// Everything that is said from now on is said in the format that was asked for.
  func speak() { StandardError.speak(logFormat, as: "modeltree") }
}
