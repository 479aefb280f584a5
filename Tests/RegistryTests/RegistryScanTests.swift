import Core
import Fingerprints
import Lineage
import MadeFingerprints
import Registry
import System
import TestSeed
import TestSupport
import Testing

/// Who is it? On made-up models, whose relations are known.
@Suite struct RegistryScanTests {
  private func registry(_ models: [(String, ModelFingerprint)], in folder: TemporaryFolder) throws -> String {
    let writer = try RegistryWriter(folder.at("known"))
    for (id, model) in models { try writer.add(MadeFingerprints.entry(id, model), model) }
    return folder.at("known")
  }

  private func scan(_ model: ModelFingerprint, _ path: String) throws -> ScanAnswer {
    try RegistryScan(path, top: 5).run(model, suspect: MadeFingerprints.entry("suspect", model, path: "/suspect"))
  }

  @Test func aChildFindsItsFamilyAndItsParent() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    var models: [(String, ModelFingerprint)] = []
    for family in 0..<4 {
      let root = made.stranger()
      models.append(("f\(family)", root))
      for child in 0..<4 { models.append(("f\(family)-\(child)", made.child(of: root, step: 0.1))) }
    }
    let path = try registry(models, in: folder)
    let parent = models.first { $0.0 == "f2-1" }!.1
    let answer = try scan(made.child(of: parent, step: 0.05), path)
    #expect(answer.verdict == .related && answer.searched == 20 && answer.comparable == 20)
    #expect(answer.family?.members.allSatisfy { $0.id.hasPrefix("f2") } == true && answer.family?.members.count == 5)
    #expect(answer.parents.map(\.model.id).contains("f2-1"))
    #expect(answer.parents.reduce(0) { $0 + $1.probability } <= 1.000001)
    let stranger = try scan(made.stranger(), path)
    #expect(stranger.verdict == .unknown && stranger.family == nil && stranger.parents.isEmpty)
    let copy = try scan(parent, path)
    #expect(copy.verdict == .copy && copy.copies.map(\.model.id) == ["f2-1"])
    #expect(copy.json.contains("\"verdict\" : \"copy\"") && copy.text.contains("holds the weights of f2-1"))
  }

  @Test func aBorrowedPartIsFoundInAStranger() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let known = made.stranger()
    var borrower = made.stranger()
    let table = borrower.tensors.firstIndex { $0.name == "embed_tokens.weight" }!
    borrower.tensors[table] = known.tensors.first { $0.name == "embed_tokens.weight" }!
    let path = try registry([("a", made.stranger()), ("lender", known)], in: folder)
    let answer = try scan(borrower, path)
    #expect(answer.verdict == .sharesPart && answer.family == nil)
    #expect(answer.parts.map(\.model.id) == ["lender"] && answer.parts.first?.component.contains("embed") == true)
    #expect(answer.parts.first?.isExact == true)
  }

  @Test func modelsOfAnotherShapeAreNotComparable() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let path = try registry([("a", made.stranger())], in: folder)
    made.width = 320
    let answer = try scan(made.stranger(), path)
    #expect(answer.verdict == .notComparable && answer.comparable == 0 && answer.searched == 1)
    #expect(answer.text.contains("cannot be compared"))
  }

  /// A thousand strangers, each against fifty others: not one family, and probabilities that are what they say. Common to
  /// all are the sizes of their inputs and heavy tails. (With 10,000 in hundreds it is the same.)
  @Test func noStrangerHasAFamily() throws {
    var made = MadeFingerprints(Seeded.fresh())
    (made.layers, made.width, made.tokens) = (1, 48, 64)
    let known = (0..<4).map { _ in made.stranger() }
    var (pairs, small) = (0, 0)
    for _ in 0..<20 {
      let group = known + (0..<50).map { _ in made.stranger() }
      var relatedness = Relatedness(models: group.count)
      for tensor in FingerprintSums.of(group) { relatedness.add(TensorView(tensor)) }
      let probability = relatedness.probability
      for j in group.indices.dropFirst(known.count) {
        for i in 0..<j {
          #expect(!relatedness.areRelated(i, j))
          pairs += 1
          if probability[i, j] < 0.01 { small += 1 }
        }
      }
    }
    let share = Double(small) / Double(pairs)
    #expect(share > 0.005 && share < 0.015, "\(share) of \(pairs) below 1 %")
  }
}
