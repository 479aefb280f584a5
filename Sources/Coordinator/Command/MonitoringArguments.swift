import ArgumentParser
import Core
import Logs
import Monitoring
import System

/// How a run can be watched from outside.
struct MonitoringArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serve a live page of the run, status.json, metrics for Prometheus and healthz.",
      discussion:
        "8080 serves this machine only, 0.0.0.0:8080 the network. There is no authentication: everybody who can reach the page sees the names of models and hosts, but nobody can change anything.",
      valueName: "address"),
    transform: { try HTTPAddress($0) })
  var http: HTTPAddress?

  @Option(
    help: ArgumentHelp(
      "Format of messages on standard error: text, or json with one object per line.", valueName: "text|json"))
  var logFormat: LogFormat = .text

  /// Messages on standard error have this format from now on.
  func apply() { StandardError.speak(logFormat, as: "modeltree") }
}
