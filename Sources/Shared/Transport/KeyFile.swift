internal import Core
internal import Foundation
internal import Glibc
package import System

/// A key file as `modeltree keygen` writes it: lines of `field = value`.
///
/// A worker's file contains everything that its host needs, including the coordinator's public key.
struct KeyFile {
  enum Role: String {
    case coordinator, worker
  }

  private static let version = "1"

  static func write(_ pair: KeyPair, _ role: Role, name: String, coordinator: PublicKey?, to path: String)
    throws(Failure)
  {
    var lines = [
      "# A key of modeltree. Whoever can read this file can impersonate its owner.",
      "version = \(version)", "role = \(role.rawValue)", "name = \(name)",
      "public = \(pair.publicKey.text)", "secret = \(pair.secretKey.text)",
    ]
    if let coordinator { lines.append("coordinator = \(coordinator.text)") }
    try AtomicFile.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: path, permissions: 0o600)
  }

  let role: Role
  let pair: KeyPair
  let coordinator: PublicKey?

  /// - Throws: `Failure` when the file is unreadable, readable by everybody, not a key, or a key of another role.
  init(_ path: String, expected: Role) throws(Failure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .badInput(
        "cannot read the key '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "make keys with: modeltree keygen DIR")
    }
    // Containers mount secrets readable for a group, but a key is never meant for everybody.
    guard status.st_mode & 0o007 == 0 else {
      throw .badInput(
        "the key '\(path.printable)' can be read by everybody on this machine (mode \(String(status.st_mode & 0o777, radix: 8)))",
        advice: "chmod 600 it; if strangers may have read it, revoke it and make another")
    }
    let data: Data
    do throws(BoundedFile.Problem) {
      data = try BoundedFile.read(path, limit: 4096)
    } catch {
      throw Self.damaged(path, "\(error)")
    }
    guard let text = String(data: data, encoding: .utf8) else { throw Self.damaged(path) }
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("# ") {
      guard let sign = line.range(of: " = ") else { throw Self.damaged(path) }
      fields[String(line[..<sign.lowerBound])] = String(line[sign.upperBound...])
    }
    guard
      fields["version"] == Self.version,
      let role = fields["role"].flatMap(Role.init),
      let publicKey = fields["public"].flatMap({ PublicKey(text: $0) }),
      let secretKey = fields["secret"].flatMap({ SecretKey(text: $0) }),
      secretKey.publicKey == publicKey
    else { throw Self.damaged(path) }
    guard role == expected else {
      throw .badInput(
        "'\(path.printable)' is the key of a \(role.rawValue), not of a \(expected.rawValue)",
        advice: "the coordinator takes --keys DIR, a worker --key DIR/NAME.key")
    }
    self.role = role
    pair = KeyPair(publicKey: publicKey, secretKey: secretKey)
    coordinator = fields["coordinator"].flatMap { PublicKey(text: $0) }
    if role == .worker, coordinator == nil { throw Self.damaged(path) }
  }

  private static func damaged(_ path: String, _ reason: String? = nil) -> Failure {
    .badInput(
      "'\(path.printable)' is not a key of modeltree's, or was damaged" + (reason.map { ": \($0)" } ?? ""),
      advice: "make another with: modeltree keygen DIR --worker NAME")
  }
}

/// A worker's keys: its own pair and the coordinator's public key.
package struct WorkerKeys: Sendable {
  let pair: KeyPair
  let coordinator: PublicKey

  /// - Parameter path: the file that `modeltree keygen` made for the worker.
  package init(path: String) throws(Failure) {
    let file = try KeyFile(path, expected: .worker)
    guard let coordinator = file.coordinator else {
      throw .badInput("'\(path.printable)' does not name its coordinator's key")
    }
    pair = file.pair
    self.coordinator = coordinator
  }
}
