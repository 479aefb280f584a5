import Core
import Fingerprints
import Lineage
import MadeFingerprints
import Registry
import TestSeed
import Testing

@Suite struct FingerprintSumsTests {
  @Test func angleOfTheSampleLengthOfTheWhole() throws {
    var made = MadeFingerprints(Seeded.fresh())
    let parent = made.stranger()
    let child = made.child(of: parent, step: 0.2)
    for tensor in FingerprintSums.of([parent, child]) where tensor.part != .tokens {
      let own = try #require(parent.tensors.first { $0.name == tensor.name })
      let other = try #require(child.tensors.first { $0.name == tensor.name })
      // In double precision from the samples, which are like the whole tensors here.
      let apart = zip(own.sample.values, other.sample.values).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
      }
      #expect(abs(tensor.sums.l2[0] - apart) < 1e-5 * apart, "\(tensor.name)")
      #expect(
        abs(tensor.sums.moments[0].energy - own.moments.energy * tensor.sums.moments[0].count / own.moments.count)
          < 1e-6 * tensor.sums.moments[0].energy)
    }
  }

  @Test func tablesOfDifferentLengthsMeetInTheRowsThatBothKeep() throws {
    var random = Seeded.fresh()
    var made = MadeFingerprints(random)
    let short = made.stranger()
    made.tokens = 1064
    var long = made.stranger()
    random = made.random
    // The same tokens have the same rows.
    let place = long.tensors.firstIndex { $0.part == .tokens }!
    let table = try #require(short.tensors.first { $0.part == .tokens })
    let known = Dictionary(uniqueKeysWithValues: table.layout.rows.enumerated().map { ($1, $0) })
    for (line, row) in long.tensors[place].layout.rows.enumerated() {
      guard let source = known[row] else { continue }
      for column in 0..<10 {
        long.tensors[place].sample.values[line * 10 + column] = table.sample.values[source * 10 + column]
      }
    }
    let sums = FingerprintSums.of([short, long])
    let shared = try #require(sums.first { $0.part == .tokens })
    #expect(shared.shape.rows > 400 && shared.shape.rows < 512)
    #expect(Int(shared.sums.collinearRows[0]) == shared.shape.rows)
  }
}
