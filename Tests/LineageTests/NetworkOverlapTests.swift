import Lineage
import System
import TestSeed
import Testing

/// How much of one network another one has.
@Suite struct NetworkOverlapTests {
  private func tensor(_ place: String, _ kind: String, _ weights: Int) -> NetworkOverlap.Tensor {
    NetworkOverlap.Tensor(place: place, kind: kind, weights: weights)
  }

  @Test func aTowerIsAllOfItselfAndLittleOfTheWhole() {
    let tower = [tensor("v.0", "v", 10), tensor("v.1", "v", 10)]
    let overlap = NetworkOverlap([tower + [tensor("t.0", "t", 60), tensor("t.1", "t", 20)], tower, nil])
    #expect(overlap.share(of: 1, in: 0) == 1 && overlap.share(of: 0, in: 1) == 0.2)
    #expect(overlap.least(0, 1) == 0.2 && overlap.least(1, 0) == 0.2)
    #expect(overlap.least(0, 2) == 1, "nothing is known of the last one")
  }

  @Test func droppedAndRepeatedLayersAreNoOtherNetwork() {
    let deep = (0..<12).map { tensor("t.\($0)", "t", 10) } + [tensor("e", "e", 30)]
    let flat = (0..<3).map { tensor("t.\($0)", "t", 10) } + [tensor("e", "e", 30)]
    let overlap = NetworkOverlap([deep, flat])
    #expect(overlap.least(0, 1) == 1)
  }

  /// Against counting one by one.
  @Test func sharesAreThoseOfCounting() {
    var random = Seeded.fresh()
    for _ in 0..<200 {
      let models = (0..<3).map { _ in
        (0..<8).compactMap { number in
          Bool.random(using: &random)
            ? tensor("\(number % 4).\(number)", "\(number % 4)", 1 + number % 3) : nil
        }
      }
      let overlap = NetworkOverlap(models)
      for i in models.indices {
        for j in models.indices {
          let common = models[i].filter { own in
            models[i].contains { same in same.kind == own.kind && models[j].contains { $0.place == same.place } }
          }
          let all = models[i].reduce(0) { $0 + $1.weights }
          let expected = all == 0 ? 1 : Double(common.reduce(0) { $0 + $1.weights }) / Double(all)
          #expect(abs(overlap.share(of: i, in: j) - expected) < 1e-12, "seed \(random.seed)")
        }
      }
    }
  }
}
