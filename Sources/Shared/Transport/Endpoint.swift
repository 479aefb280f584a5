internal import Core
package import System

/// Where a coordinator listens and workers connect.
package enum Endpoint {
  /// Which end of a connection an endpoint is for; the advice differs.
  package enum Side: Sendable {
    case coordinator, worker

    var advice: String {
      switch self {
      case .coordinator:
        "make keys with 'modeltree keygen DIR' and give --keys DIR, or --insecure on a network that you trust"
      case .worker:
        "give --key with a file that 'modeltree keygen' made, or --insecure on a network that you trust"
      }
    }
  }

  /// Checks that an endpoint is protected as it must be. tcp without keys is allowed on this machine only: on a
  /// network, anybody could send partials or make a worker read files.
  ///
  /// - Throws: `Failure` (usage) for a tcp endpoint beyond loopback with neither keys nor
  ///   `insecure`, for both together, and for transports other than tcp and ipc.
  package static func check(_ endpoint: String, side: Side, hasKeys: Bool, insecure: Bool) throws(Failure) {
    guard !hasKeys || !insecure else {
      throw .usage("keys and --insecure contradict each other", advice: "leave --insecure out")
    }
    if endpoint.hasPrefix("ipc://") { return }
    guard endpoint.hasPrefix("tcp://") else {
      throw .usage(
        "'\(endpoint.printable)' is not an endpoint",
        advice: "write tcp://ADDRESS:PORT or ipc:///path/to/socket")
    }
    guard hasKeys || insecure || isLocal(endpoint) else {
      throw .usage(
        "'\(endpoint.printable)' can be reached from other machines, and without keys anybody could connect",
        advice: side.advice)
    }
  }

  /// Does a connection from the address begin on this machine?
  ///
  /// - Parameter address: of the peer; nil or empty for transports inside a machine.
  package static func isThisMachine(_ address: String?) -> Bool {
    guard let address, !address.isEmpty else { return true }
    let plain = address.hasPrefix("::ffff:") ? address.dropFirst("::ffff:".count) : address[...]
    return plain == "::1" || plain.hasPrefix("127.")
  }

  /// Can it be reached from this machine alone?
  package static func isLocal(_ endpoint: String) -> Bool {
    guard endpoint.hasPrefix("tcp://") else { return endpoint.hasPrefix("ipc://") }
    let address = endpoint.dropFirst("tcp://".count)
    let host = address.prefix(upTo: address.lastIndex(of: ":") ?? address.endIndex)
    if host == "localhost" || host == "[::1]" { return true }
    // 127.0.0.0/8 in numbers only: the name of a host may begin with "127." as well.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
