import Foundation
import TestPrograms

/// Hosts of a small network: network namespaces with addresses of their own around a switch, whose
/// cables can be pulled. They share the file system, as nodes of a cluster do.
final class Hosts {
  private let names: [String]
  private let hub: String

  init(_ count: Int) throws {
    let name = "mt\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    hub = "\(name)s"
    names = (0..<count).map { "\(name)h\($0)" }
    var commands = [
      "netns add \(hub)", "-n \(hub) link add switch type bridge", "-n \(hub) link set switch up",
    ]
    for (number, host) in names.enumerated() {
      let cable = Self.cable(number)
      commands += [
        "netns add \(host)", "-n \(hub) link add \(cable) type veth peer name net netns \(host)",
        "-n \(hub) link set \(cable) master switch", "-n \(hub) link set \(cable) up",
        "-n \(host) addr add \(address(number))/24 dev net", "-n \(host) link set net up",
        "-n \(host) link set lo up",
      ]
    }
    for command in commands { try Self.ip(command) }
  }

  deinit {
    for name in names + [hub] { try? Self.ip("netns del \(name)") }
  }

  func address(_ host: Int) -> String { "10.77.1.\(host + 1)" }
  func cut(_ host: Int) throws { try Self.ip("-n \(hub) link set \(Self.cable(host)) down") }
  func heal(_ host: Int) throws { try Self.ip("-n \(hub) link set \(Self.cable(host)) up") }

  func start(
    on host: Int, _ program: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Running {
    try Running(Self.tool, ["netns", "exec", names[host], program] + arguments, environment: environment)
  }

  private static func cable(_ host: Int) -> String { "port\(host)" }

  private static let tool = "/usr/sbin/ip"

  private static func ip(_ command: String) throws {
    let output = try Program.run(tool, command.split(separator: " ").map(String.init))
    guard output.status == 0 else { throw NetworkError(text: "ip \(command): \(output.stderr)") }
  }

  /// Whether this system lets us make hosts.
  static let areAllowed: Bool = {
    guard FileManager.default.isExecutableFile(atPath: tool) else { return false }
    return (try? Hosts(2)) != nil
  }()
}

private struct NetworkError: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}
