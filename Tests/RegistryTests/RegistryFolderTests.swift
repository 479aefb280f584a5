import Fingerprints
import Foundation
import Glibc
import MadeFingerprints
import Registry
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// What is on disk: complete, or not there.
@Suite struct RegistryFolderTests {
  private func ids(_ path: String) throws -> [String] { try RegistryList(path).models.map(\.id) }

  @Test func whatWasAddedIsThereAndKnown() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let first = made.stranger()
    let second = made.child(of: first, step: 0.05)
    let writer = try RegistryWriter(folder.at("known"))
    #expect(try writer.add(MadeFingerprints.entry("a", first), first))
    #expect(try !writer.add(MadeFingerprints.entry("a", first), first), "the same weights under the same name")
    #expect(try writer.add(MadeFingerprints.entry("copy", first), first), "another name for the same weights")
    let again = try RegistryWriter(folder.at("known"))
    #expect(try !again.add(MadeFingerprints.entry("a", first), first))
    #expect(try again.add(MadeFingerprints.entry("b", second), second))
    let files = MadeFingerprints.entry("a", first).sources.map(\.file)
    #expect(again.knows("a", files: files) && !again.knows("z", files: files))
    #expect(try ids(folder.at("known")) == ["a", "copy", "b"])
    var found: [ModelFingerprint] = []
    try RegistryReader(folder.at("known")).eachEntry(damaged: { _ in }) { _, source throws(Failure) in
      found.append(try source.fingerprint())
    }
    #expect(found == [first, first, second])
    let check = try RegistryCheck(folder.at("known"))
    #expect(check.isSound && check.models == 3 && check.rowsMissing == 0 && check.unfinishedBytes == 0)
  }

  /// The row of an index whose record would be four gigabytes, in a segment with a hole of that size: nothing so large is
  /// read. Names of files that are no numbers of segments are passed over.
  @Test func recordsThatCannotBeSoLongAreNotRead() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let first = made.stranger()
    try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("a", first), first)
    var index = try folder.read("r/segment-000001.mti")
    let whole = try folder.bytes(of: "r/segment-000001.mtr")
    let row = index.count - 16
    index += index[16...]
    withUnsafeBytes(of: UInt64(whole).littleEndian) { index.replaceSubrange(16 + row..<24 + row, with: $0) }
    index.replaceSubrange(24 + row..<32 + row, with: Array(repeating: 0xff, count: 8))
    let sum = index.withUnsafeBytes { Checksum.of(.init(rebasing: $0[(16 + row)..<($0.count - 8)])) }
    withUnsafeBytes(of: sum.littleEndian) { index.replaceSubrange(index.count - 8..<index.count, with: $0) }
    try folder.write(index, to: "r/segment-000001.mti")
    try folder.truncate("r/segment-000001.mtr", to: 16 << 30)
    for name in ["1", "+1", "01", "0000001", "9223372036854775807", "-5", "x"] {
      try folder.write("", to: "r/segment-\(name).mtr")
    }
    // A writer that had believed the row would go on behind sixteen gigabytes.
    let second = made.stranger()
    #expect(try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("b", second), second))
    #expect(try folder.names(in: "r").contains("segment-000002.mtr"))
    let list = try RegistryList(folder.at("r"))
    #expect(list.models.map(\.id) == ["a", "b"] && list.damaged.count == 1, "\(list.damaged)")
  }

  /// A killed writer leaves the beginning of a record, at most.
  @Test func aRecordThatWasCutOffAnywhereIsNotThereAndIsReplaced() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    var made = MadeFingerprints(random)
    let (first, second) = (made.stranger(), made.stranger())
    let writer = try RegistryWriter(folder.at("r"))
    try writer.add(MadeFingerprints.entry("a", first), first)
    let whole = try folder.bytes(of: "r/segment-000001.mtr")
    try writer.add(MadeFingerprints.entry("b", second), second)
    let both = try folder.bytes(of: "r/segment-000001.mtr")
    for length in [whole, whole + 1, whole + 24, both - 1]
      + (0..<3).map({ _ in Int.random(in: whole..<both, using: &random) })
    {
      try folder.truncate("r/segment-000001.mtr", to: length)
      #expect(try ids(folder.at("r")) == ["a"])
      let check = try RegistryCheck(folder.at("r"))
      #expect(check.isSound && check.unfinishedBytes == length - whole)
      #expect(try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("b", second), second))
      #expect(try folder.bytes(of: "r/segment-000001.mtr") == both)
      #expect(try RegistryCheck(folder.at("r")).isSound && ids(folder.at("r")) == ["a", "b"])
    }
  }

  @Test func twoWritersLoseNothingAndAddNothingTwice() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    made.layers = 1
    let models = (0..<24).map { _ in made.stranger() }
    let problems = Problems()
    DispatchQueue.concurrentPerform(iterations: 4) { part in
      do {
        let writer = try RegistryWriter(folder.at("r"), longestSegment: 100_000)
        // Every model is offered twice.
        for (number, model) in models.enumerated() where number % 2 == part % 2 {
          try writer.add(MadeFingerprints.entry("m\(number)", model), model)
        }
      } catch { problems.add("\(error)") }
    }
    #expect(problems.all.isEmpty)
    #expect(try Set(ids(folder.at("r"))) == Set((0..<24).map { "m\($0)" }) && ids(folder.at("r")).count == 24)
    let check = try RegistryCheck(folder.at("r"))
    #expect(check.isSound && check.segments > 1 && check.rowsMissing == 0)
  }

  @Test func damageIsNamedAndTheRestIsRead() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let models = (0..<3).map { _ in made.stranger() }
    let writer = try RegistryWriter(folder.at("r"))
    for (number, model) in models.enumerated() { try writer.add(MadeFingerprints.entry("m\(number)", model), model) }
    let bytes = try folder.read("r/segment-000001.mtr")
    var odd = bytes
    odd[bytes.count / 2] ^= 0x40
    try folder.write(odd, to: "r/segment-000001.mtr")
    let check = try RegistryCheck(folder.at("r"))
    #expect(check.problems.count == 1 && check.models == 2 && check.text.contains("checksum"))
    let scan = try RegistryScan(folder.at("r"), top: 5).run(
      models[2], suspect: MadeFingerprints.entry("x", models[2], path: "/x"))
    #expect(scan.copies.map(\.model.id) == ["m2"])
    // The index is only a shortcut.
    try folder.write(Array("nonsense".utf8), to: "r/segment-000001.mti")
    #expect(
      try RegistryScan(folder.at("r"), top: 5).run(
        models[2], suspect: MadeFingerprints.entry("x", models[2], path: "/x")
      ).copies.count == 1)
    // A head that is none ends its segment; the next model goes into another one.
    odd = bytes
    odd[16] ^= 1
    try folder.write(odd, to: "r/segment-000001.mtr")
    #expect(try RegistryCheck(folder.at("r")).text.contains("what follows is not read"))
    let later = made.stranger()
    #expect(try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("later", later), later))
    #expect(try folder.read("r/segment-000001.mtr") == odd && ids(folder.at("r")) == ["later"])
  }

  @Test func otherFoldersAndVersionsAreRefused() throws {
    let folder = try TemporaryFolder()
    #expect(failure { _ = try RegistryReader(folder.at("none")) }?.message.contains("is not a registry") == true)
    try folder.write("text", to: "full/file")
    #expect(
      failure { _ = try RegistryWriter(folder.at("full")) }?.message.contains("not empty and no registry") == true)
    try folder.write("{\"format\":\"modeltree registry\",\"version\":7}", to: "later/registry.json")
    let found = failure { _ = try RegistryReader(folder.at("later")) }
    #expect(found?.kind == .badInput && found?.message.contains("version 7") == true)
    try folder.write("{}", to: "odd/registry.json")
    #expect(failure { _ = try RegistryReader(folder.at("odd")) }?.kind == .badInput)
  }

  @Test func mergedRegistriesHoldEveryModelOnce() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let models = (0..<3).map { _ in made.stranger() }
    for (name, range) in [("a", 0..<2), ("b", 1..<3)] {
      let writer = try RegistryWriter(folder.at(name))
      for k in range { try writer.add(MadeFingerprints.entry("m\(k)", models[k]), models[k]) }
    }
    let merged = try RegistryMerge([folder.at("a"), folder.at("b")], into: folder.at("c"))
    #expect(merged.added == 3 && merged.known == 1 && merged.damaged.isEmpty)
    #expect(try ids(folder.at("c")) == ["m0", "m1", "m2"])
    #expect(failure { _ = try RegistryMerge([folder.at("none")], into: folder.at("d")) }?.kind == .badInput)
    #expect(!FileManager.default.fileExists(atPath: folder.at("d")))
  }
}

/// What went wrong on several threads.
private final class Problems: @unchecked Sendable {
  private let lock = NSLock()
  private var found: [String] = []
  func add(_ text: String) { lock.withLock { found.append(text) } }
  var all: [String] { lock.withLock { found } }

  /// Somebody who hands over a registry cannot have files elsewhere written to, nor a program wait.
  @Test(arguments: ["lock", "segment-000001.mtr", "segment-000001.mti"])
  func nothingIsWrittenThroughLinksAndPipes(_ name: String) throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let (first, second) = (made.stranger(), made.stranger())
    try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("a", first), first)
    try folder.write(try folder.read("r/\(name)"), to: "victim")
    let before = try folder.read("victim")
    let replacements: [(String) throws -> Void] = [
      { path in try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.at("victim")) },
      { path in #expect(mkfifo(path, 0o600) == 0) },
    ]
    for replace in replacements {
      try folder.remove("r/\(name)")
      try replace(folder.at("r/\(name)"))
      let error = try #require(
        failure { try RegistryWriter(folder.at("r")).add(MadeFingerprints.entry("b", second), second) })
      #expect(error.message.contains(folder.at("r/\(name)")), "\(error)")
      #expect(try folder.read("victim") == before)
    }
  }
}
