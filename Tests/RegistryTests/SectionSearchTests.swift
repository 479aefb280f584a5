import Core
import Fingerprints
import Lineage
import MadeFingerprints
import Registry
import System
import TestSeed
import TestSupport
import Testing

/// Which models have to be compared weight by weight? On made-up models, whose families are known.
@Suite struct SectionSearchTests {
  private func known(
    _ models: [ModelFingerprint], in folder: TemporaryFolder, held: Set<Int> = []
  ) throws -> KnownModels {
    let writer = try RegistryWriter(folder.at("known"), longestSegment: 2_000_000)
    for (number, model) in models.enumerated() where !held.contains(number) {
      try writer.add(MadeFingerprints.entry("m\(number)", model), model)
    }
    var known = try KnownModels(
      folder.at("known"),
      models.enumerated().map { .init(id: "m\($0)", files: MadeFingerprints.entry("m\($0)", $1).sources.map(\.file)) })
    #expect(known.areKnown == models.indices.map { !held.contains($0) })
    for number in held { known.hold(models[number], of: number) }
    return known
  }

  /// Families of several architectures, mixed; the sections are the families that comparing all fingerprints finds.
  @Test func sectionsAreTheFamiliesThatComparingAllPairsFinds() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    var models: [(family: Int, model: ModelFingerprint)] = []
    for family in 0..<9 {
      var made = MadeFingerprints(Seeded(random.next()))
      made.layers = 1 + family % 2
      made.width = 64
      made.tokens = 300
      var members = [made.stranger()]
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let parent = members.randomElement(using: &random) ?? members[0]
        members.append(made.child(of: parent, step: Double.random(in: 0.02...0.3, using: &random)))
      }
      models += members.map { (family, $0) }
    }
    models.shuffle(using: &random)
    let fingerprints = models.map(\.model)
    let found = try SectionSearch.run(try known(fingerprints, in: folder, held: [models.count / 2]))
    let tensors = FingerprintSums.of(fingerprints)
    let families = try LineageSolver(LineageProblem(fingerprints, tensors)).solve(tensors).families
    let groups = Dictionary(grouping: models.indices) { families[$0] }.values.map { $0.sorted() }
    #expect(Set(found.sections) == Set(groups.filter { $0.count > 1 }), "seed \(random.seed)")
    #expect(found.alone == groups.filter { $0.count == 1 }.flatMap { $0 }.sorted(), "seed \(random.seed)")
    let apart = PairIndex(models.count).count - groups.reduce(0) { $0 + PairIndex($1.count).count }
    #expect(found.pairsApart == apart, "seed \(random.seed)")
    #expect(found.largestCosine < found.leastSeen && found.leastSeen < 0.5)
  }

  /// Relatives that are hardly more alike than strangers are told apart by their whole fingerprints.
  @Test func relativesFarApartAreLookedAtClosely() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let root = made.stranger()
    // Steps in units of the size of the smallest inputs' weights: the cosine is about 0.3.
    let far = made.child(of: root, step: 6)
    let found = try SectionSearch.run(try known([root, made.stranger(), far], in: folder))
    let tensors = FingerprintSums.of([root, far])
    var relatedness = Relatedness(models: 2)
    for tensor in tensors { relatedness.add(TensorView(tensor)) }
    #expect(relatedness.areRelated(0, 1), "seed \(made.random.seed)")
    #expect(found.sections == [[0, 2]] && found.alone == [1], "seed \(made.random.seed)")
  }

  @Test func strangersAreAloneAndWhatIsNotKnownIsToo() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    made.width = 64
    let models = (0..<70).map { _ in made.stranger() }
    let known = try known(models, in: folder)
    let found = try SectionSearch.run(known)
    #expect(found.sections.isEmpty && found.alone == Array(0..<70), "seed \(made.random.seed)")
    #expect(found.incomparable == 0 && found.pairsApart == 70 * 69 / 2)
    let others = try KnownModels(folder.at("known"), [.init(id: "m0", files: []), .init(id: "nobody", files: [])])
    #expect(others.areKnown == [false, false])
    #expect(try SectionSearch.run(others).alone == [0, 1])
  }

  @Test func copiesOfOneModelAreASection() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    let (model, other) = (made.stranger(), made.stranger())
    let found = try SectionSearch.run(try known([model, other, model, model], in: folder))
    #expect(found.sections == [[0, 2, 3]] && found.alone == [1])
  }
}
