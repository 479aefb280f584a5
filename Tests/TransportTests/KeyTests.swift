import Core
import Glibc
import System
import TestSupport
import Testing
import Transport

/// Keys are made, read, allowed and revoked; nothing that is not a key passes for one.
@Suite struct KeyTests {
  private let folder: TemporaryFolder
  private let keys: KeyFolder

  init() throws {
    folder = try TemporaryFolder()
    keys = KeyFolder(path: folder.at("keys"))
    try keys.makeCoordinator()
  }

  private func mode(_ path: String) throws -> Int {
    let name = String(path.dropFirst(folder.path.count + 1))
    return try folder.permissions(of: name)
  }

  @Test func filesAreForTheirOwnerAlone() throws {
    try keys.addWorker("node-7")
    #expect(try mode(keys.path) == 0o700)
    for path in [keys.path + "/coordinator.key", keys.worker("node-7"), keys.allowed] {
      #expect(try mode(path) == 0o600, "\(path)")
    }
    _ = try CoordinatorKeys(path: keys.path)
    _ = try WorkerKeys(path: keys.worker("node-7"))
  }

  @Test func everyKeyIsAnother() throws {
    for name in ["a", "b", "c"] { try keys.addWorker(name) }
    let lines = try folder.text("keys/allowed-workers").split(separator: "\n").dropFirst()
    #expect(lines.count == 3)
    #expect(Set(lines.compactMap { $0.split(separator: " ").first }).count == 3)
    #expect(lines.map { String($0.split(separator: " ")[1]) } == ["a", "b", "c"])
  }

  @Test func secretsAreInNoDescription() throws {
    try keys.addWorker("node-7")
    let secrets = try ["coordinator", "node-7"].map { name in
      try #require(
        try folder.text("keys/\(name).key").split(separator: "\n").first { $0.hasPrefix("secret = ") }
      ).dropFirst("secret = ".count)
    }
    let worker = try WorkerKeys(path: keys.worker("node-7"))
    let coordinator = try CoordinatorKeys(path: keys.path)
    var text = "\(worker) \(coordinator)"
    dump(worker, to: &text)
    dump(coordinator, to: &text)
    debugPrint(worker, coordinator, to: &text)
    for secret in secrets { #expect(!text.contains(secret)) }
  }

  /// Somebody who may write to the folder makes nobody wait, and fills no memory.
  @Test func pipesAndEndlessListsAreNamedAndNotRead() throws {
    try keys.addWorker("node-7")
    try folder.remove("keys/node-7.key")
    #expect(mkfifo(keys.worker("node-7"), 0o600) == 0)
    let key = #expect(throws: Failure.self) { try WorkerKeys(path: keys.worker("node-7")) }
    #expect(key?.kind == .badInput && key?.message.contains("not a regular file") == true, "\(String(describing: key))")
    try folder.truncate("keys/allowed-workers", to: 1 << 40)
    let long = #expect(throws: Failure.self) { try CoordinatorKeys(path: keys.path) }
    #expect(long?.kind == .badInput && long?.message.contains("at most") == true, "\(String(describing: long))")
    try folder.remove("keys/allowed-workers")
    #expect(mkfifo(keys.allowed, 0o600) == 0)
    let list = #expect(throws: Failure.self) { try CoordinatorKeys(path: keys.path) }
    #expect(list?.message.contains("not a regular file") == true, "\(String(describing: list))")
    #expect(AllowedWorkers(path: keys.allowed).problem?.contains("not a regular file") == true)
  }

  @Test func aSecondCoordinatorKeyIsRefused() {
    let failure = #expect(throws: Failure.self) { try keys.makeCoordinator() }
    #expect(failure?.kind == .cannotWrite)
  }

  @Test(arguments: ["", ".", "..", "a/b", "../x", "coordinator", "a b", "é", String(repeating: "x", count: 65)])
  func namesThatCouldBeOtherFilesAreRefused(_ name: String) throws {
    let failure = #expect(throws: Failure.self) { try keys.addWorker(name) }
    #expect(failure?.kind == .usage)
    #expect(try folder.names(in: "keys") == ["allowed-workers", "coordinator.key"])
  }

  @Test func aNameIsUsedOnce() throws {
    try keys.addWorker("a")
    let failure = #expect(throws: Failure.self) { try keys.addWorker("a") }
    #expect(failure?.message.contains("'a'") == true)
  }

  @Test func aKeyThatEverybodyCanReadIsRefused() throws {
    try keys.addWorker("a")
    try folder.setPermissions(0o644, of: "keys/a.key")
    let failure = #expect(throws: Failure.self) { try WorkerKeys(path: keys.worker("a")) }
    #expect(failure?.message.contains("644") == true)
    // Containers mount secrets for a group.
    try folder.setPermissions(0o440, of: "keys/a.key")
    _ = try WorkerKeys(path: keys.worker("a"))
  }

  @Test func keysOfTheOtherRoleAreRefused() throws {
    let failure = #expect(throws: Failure.self) { try WorkerKeys(path: "\(keys.path)/coordinator.key") }
    #expect(failure?.message.contains("coordinator") == true)
  }

  @Test func damagedKeysAreRefused() throws {
    try keys.addWorker("a")
    let good = try folder.text("keys/a.key")
    var damaged = ["", "x", good.replacing("version = 1", with: "version = 2"), String(good.dropLast(9))]
    for field in ["public", "secret", "coordinator", "role"] {
      damaged.append(good.replacing("\(field) = ", with: "\(field) = !"))
      damaged.append(good.replacing("\(field) = ", with: "\(field): "))
    }
    // A public key that does not belong to the secret one.
    try keys.addWorker("b")
    let other = try folder.text("keys/b.key").split(separator: "\n")
    damaged.append(
      good.split(separator: "\n").map { line in
        line.hasPrefix("public") ? other.first { $0.hasPrefix("public") } ?? line : line
      }.joined(separator: "\n"))
    for text in damaged {
      try folder.write(text, to: "keys/a.key")
      try folder.setPermissions(0o600, of: "keys/a.key")
      let failure = #expect(throws: Failure.self) { try WorkerKeys(path: keys.worker("a")) }
      #expect(failure?.kind == .badInput)
    }
  }

  @Test func revokedKeysGoAtOnce() throws {
    try keys.addWorker("a")
    try keys.addWorker("b")
    let text = try folder.text("keys/allowed-workers").split(separator: "\n")
    let key = try #require(PublicKey(text: String(text[1].split(separator: " ")[0])))
    var allowed = AllowedWorkers(path: keys.allowed)
    #expect(allowed.name(of: key) == "a")
    try keys.revoke("a")
    #expect(allowed.refresh() == true)
    #expect(allowed.name(of: key) == nil && allowed.count == 1)
    #expect(allowed.refresh() == false, "nothing changed")
    let failure = #expect(throws: Failure.self) { try keys.revoke("a") }
    #expect(failure?.kind == .badInput)
    #expect(try !folder.names(in: "keys").contains("a.key"))
  }

  @Test func aListThatCannotBeReadLetsNobodyIn() throws {
    try keys.addWorker("a")
    var allowed = AllowedWorkers(path: keys.allowed)
    #expect(allowed.count == 1 && allowed.problem == nil)
    try folder.write("not a key\n", to: "keys/allowed-workers")
    #expect(allowed.refresh() == true)
    #expect(allowed.count == 0 && allowed.problem?.contains("line 1") == true)
    try folder.remove("keys/allowed-workers")
    #expect(allowed.refresh() == true)
    #expect(allowed.count == 0 && allowed.problem != nil)
  }
}
