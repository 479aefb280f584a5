import Core
import Fingerprints
import TestSeed
import Testing

@Suite struct ContentHashTests {
  private func hash(_ values: [Float]) -> ContentHash {
    var hash = ContentHash()
    values.withUnsafeBufferPointer { hash.add($0) }
    return hash
  }

  @Test func orderDoesNotMatterAndEveryValueDoes() {
    var random = Seeded.fresh()
    let values = (0..<1000).map { _ in Float(random.normal()) }
    let known = hash(values)
    #expect(hash(values.shuffled(using: &random)) == known)
    for _ in 0..<20 {
      var other = values
      let place = Int.random(in: 0..<1000, using: &random)
      other[place] = other[place].nextUp
      #expect(hash(other) != known)
    }
    #expect(hash(values + [values[0]]) != known, "how often a value occurs counts")
    #expect(hash([0]) == hash([-0.0]) && hash([0]) != hash([]))
  }

  @Test func momentsAreThoseOfTwoPassesInDoublePrecision() {
    var random = Seeded.fresh()
    let values = (0..<10_007).map { _ in Float(3 + 0.01 * random.normal()) }
    var moments = ExactMoments()
    values.withUnsafeBufferPointer { all in
      moments.add(UnsafeBufferPointer(rebasing: all[..<8192]))
      moments.add(UnsafeBufferPointer(rebasing: all[8192...]))
    }
    let mean = values.reduce(0.0) { $0 + Double($1) } / 10_007
    func central(_ power: Int) -> Double {
      values.reduce(0.0) { sum, value in
        sum + (0..<power).reduce(1.0) { product, _ in product * (Double(value) - mean) }
      }
    }
    #expect(abs(moments.total.mean - mean) < 1e-12)
    #expect(abs(moments.total.m2 / central(2) - 1) < 1e-10)
    #expect(abs(moments.total.m4 / central(4) - 1) < 1e-9)
    #expect(abs(moments.total.m3 - central(3)) < 1e-9 * central(4).squareRoot())
    #expect(moments.total.count == 10_007 && moments.total.minimum == Double(values.min()!))
  }
}
