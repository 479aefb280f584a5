import ArgumentParser
import Coordination
import System
import Transport

/// Who may connect.
struct KeyArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder made by 'modeltree keygen': workers need a key that it allows.", valueName: "dir"))
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
