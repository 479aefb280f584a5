public import Core

/// Where a coordinator listens.
public enum Endpoint {
  /// Plain tcp is for this machine alone: on a network anybody could send partials or read paths.
  ///
  /// - Throws: `Failure` (usage) for a tcp endpoint beyond loopback without `insecure`, and for
  ///   transports other than tcp and ipc.
  public static func check(_ endpoint: String, insecure: Bool) throws(Failure) {
    if endpoint.hasPrefix("ipc://") { return }
    guard endpoint.hasPrefix("tcp://") else {
      throw .usage(
        "'\(endpoint.printable)' is no endpoint",
        advice: "write tcp://ADDRESS:PORT or ipc:///path/to/socket")
    }
    let address = endpoint.dropFirst("tcp://".count)
    let host = address.prefix(upTo: address.lastIndex(of: ":") ?? address.endIndex)
    let loopback = host.hasPrefix("127.") || host == "localhost" || host == "[::1]"
    guard loopback || insecure else {
      throw .usage(
        "'\(endpoint.printable)' can be reached from other machines, and nothing would ask who connects",
        advice: "listen on tcp://127.0.0.1:PORT, or add --insecure on a network that you trust")
    }
  }
}
