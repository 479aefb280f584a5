internal import Core
package import System

/// Where the status is served: `8080`, `127.0.0.1:8080`, `0.0.0.0:8080`, `[::1]:8080`, `head:8080`.
package struct HTTPAddress: Sendable, Equatable, CustomStringConvertible {
  /// A name or an address, IPv6 without brackets.
  package var host: String
  /// 0 for any free port.
  package var port: UInt16

  /// What a bare port means. The status holds names of models and hosts, so only this machine can see it
  /// unless the user asks for more.
  package static let defaultHost = "127.0.0.1"

  package init(host: String = HTTPAddress.defaultHost, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// - Throws: `Failure` (usage) that says what an address looks like.
  package init(_ text: String) throws(Failure) {
    func refused(_ reason: String) -> Failure {
      .usage(
        "'\(text.printable)' is not an address to serve the status on: \(reason)",
        advice:
          "give a port, such as 8080, or an address of this machine and a port, such as 0.0.0.0:8080 or [::1]:8080")
    }
    var host = Self.defaultHost
    var port = text[...]
    if text.hasPrefix("[") {
      let parts = text.dropFirst().split(separator: "]:", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw refused("there is no ']:' before a port") }
      host = String(parts[0])
      port = parts[1]
    } else if let colon = text.lastIndex(of: ":") {
      host = String(text[..<colon])
      port = text[text.index(after: colon)...]
      guard !host.contains("/") else { throw refused("it is a URL") }
      guard !host.contains(":") else { throw refused("an IPv6 address needs brackets") }
    }
    guard !host.isEmpty else { throw refused("there is no host before the colon") }
    guard port.allSatisfy({ $0.isASCII && $0.isNumber }), let number = UInt16(port) else {
      throw refused("'\(port.printable)' is not a port from 0 to 65535")
    }
    self.init(host: host, port: number)
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine can reach it.
  package var isLocal: Bool {
    if host == "localhost" || host == "::1" { return true }
    // 127.0.0.0/8 by its numbers: a host's name may begin with "127." as well.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
