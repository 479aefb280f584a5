internal import Core
internal import Foundation
internal import Glibc
package import System

/// The folder that `modeltree keygen` makes: `coordinator.key`, a `NAME.key` for each worker, and
/// `allowed-workers` with the public keys of those who may connect.
///
/// The coordinator needs the first and the last; each worker's file belongs on the worker's host.
package struct KeyFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  package var allowed: String { "\(path)/allowed-workers" }
  var coordinator: String { "\(path)/coordinator.key" }
  package func worker(_ name: String) -> String { "\(path)/\(name).key" }

  package var holdsKeys: Bool { FileManager.default.fileExists(atPath: coordinator) }

  /// Makes the coordinator's key pair and an empty list of workers.
  ///
  /// - Throws: `Failure` when there are keys already, or they cannot be written.
  package func makeCoordinator() throws(Failure) {
    guard !holdsKeys else {
      throw .cannotWrite(
        "'\(path.printable)' holds keys already; new ones would lock out every worker",
        advice: "add a worker with --worker NAME, or name another folder")
    }
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw .cannotWrite(
        "cannot make the folder '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "choose a folder that you may write to")
    }
    let pair = try Self.newPair()
    try write([:])
    try KeyFile.write(pair, .coordinator, name: "coordinator", coordinator: nil, to: coordinator)
  }

  /// Makes a worker's key pair and adds it to the list.
  ///
  /// - Throws: `Failure` when the name cannot be a file name or is taken, or there is no coordinator key yet.
  package func addWorker(_ name: String) throws(Failure) {
    try Self.check(name)
    let key = try KeyFile(coordinator, expected: .coordinator).pair.publicKey
    var workers = try AllowedWorkers.read(allowed)
    guard !workers.values.contains(name), !FileManager.default.fileExists(atPath: worker(name)) else {
      throw .cannotWrite(
        "there is a worker '\(name)' in '\(path.printable)' already",
        advice: "choose another name, or revoke it first with --revoke \(name)")
    }
    let pair = try Self.newPair()
    try KeyFile.write(pair, .worker, name: name, coordinator: key, to: worker(name))
    workers[pair.publicKey] = name
    try write(workers)
  }

  /// Removes a worker from the list and deletes its file; a running coordinator disconnects it.
  package func revoke(_ name: String) throws(Failure) {
    try Self.check(name)
    var workers = try AllowedWorkers.read(allowed)
    let before = workers.count
    workers = workers.filter { $0.value != name }
    guard workers.count < before else {
      let known = workers.values.sorted().prefix(10).map { "'\($0.printable)'" }.joined(separator: ", ")
      throw .badInput(
        "no worker '\(name)' is allowed by '\(allowed.printable)'",
        advice: known.isEmpty ? "its list is empty" : "it lists \(known)")
    }
    try write(workers)
    unlink(worker(name))
  }

  private func write(_ workers: [PublicKey: String]) throws(Failure) {
    let lines = workers.sorted { ($0.value, $0.key.text) < ($1.value, $1.key.text) }.map {
      "\($0.key.text) \($0.value)\n"
    }
    let head = "# Workers that may connect, one a line: public key, name. Remove a line to revoke it.\n"
    try AtomicFile.write(Data((head + lines.joined()).utf8), to: allowed, permissions: 0o600)
  }

  private static func newPair() throws(Failure) -> KeyPair {
    guard let pair = KeyPair.generate() else {
      throw Failure(
        .unclassified, "this libzmq knows no CURVE keys", advice: "install one that was built with it")
    }
    return pair
  }

  /// The name becomes a file name.
  private static func check(_ name: String) throws(Failure) {
    let isPlain = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 64, !name.hasPrefix("."), name != "coordinator"
    else {
      throw .usage(
        "'\(name.printable)' cannot be a worker's name",
        advice: "use up to 64 letters, digits, '-', '_' and '.', not 'coordinator'")
    }
  }
}

/// The coordinator's secret key and the list of workers that may connect.
package struct CoordinatorKeys: Sendable {
  let pair: KeyPair
  package let folder: KeyFolder

  /// - Parameter path: the folder that `modeltree keygen` made.
  package init(path: String) throws(Failure) {
    folder = KeyFolder(path: path)
    pair = try KeyFile(folder.coordinator, expected: .coordinator).pair
    _ = try AllowedWorkers.read(folder.allowed)
  }
}
