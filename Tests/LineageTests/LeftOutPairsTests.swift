import Core
import Lineage
import TestSeed
import Testing

/// One tree of a family of which only near pairs are compared, against the tree of all pairs.
struct LeftOutPairsTests {
  private struct Family {
    var sums: [TensorSums]
    var parents: [Int?]
    /// Distances of all pairs as far as angles tell.
    var distances: SquareMatrix
  }

  private static let n = 90
  private static let maps = 8
  private static let nearest = 20

  /// A random tree whose models are numbered at random.
  private func family(_ random: inout Seeded, models n: Int = n) -> Family {
    let length = Self.maps * 16 * 16
    let numbers = Array(0..<n).shuffled(using: &random)
    var weights: [[Double]] = Array(repeating: [], count: n)
    var parents: [Int?] = Array(repeating: nil, count: n)
    weights[numbers[0]] = (0..<length).map { _ in random.normal() }
    for place in 1..<n {
      let parent = numbers[Int.random(in: 0..<place, using: &random)]
      let step = Double.random(in: 0.02...0.06, using: &random)
      weights[numbers[place]] = weights[parent].map { $0 + step * random.normal() }
      parents[numbers[place]] = parent
    }
    let sums = Synthetic(linear: weights, maps: Self.maps).sums
    var distances = DistanceSums(.auto, models: n)
    for tensor in sums { distances.add(TensorView(tensor)) }
    return Family(sums: sums, parents: parents, distances: distances.matrix)
  }

  /// The pairs of each model with its nearest.
  private func near(_ distances: SquareMatrix) -> [Bool] {
    var isNear = Array(repeating: false, count: PairIndex(distances.n).count)
    for model in 0..<distances.n {
      let others = (0..<distances.n).filter { $0 != model }
      for other in others.sorted(by: { distances[model, $0] < distances[model, $1] }).prefix(Self.nearest) {
        isNear[PairIndex(distances.n)(min(model, other), max(model, other))] = true
      }
    }
    return isNear
  }

  private func solve(_ sums: [TensorSums], compared: [Bool] = [], _ estimates: SquareMatrix? = nil) throws -> Lineage {
    let n = sums[0].models.count
    var problem = Problem.of(models: n, LineageOptions(replicates: 20))
    problem.estimates = estimates.map { PairEstimates($0) }
    let masked = sums.map { tensor in
      var masked = tensor
      masked.compared = compared
      // What is there of pairs that were not compared must not matter.
      PairIndex(n).forEach { p, _, _ in
        if !compared.isEmpty, !compared[p] { (masked.sums.l2[p], masked.sums.l1[p]) = (.nan, 7) }
      }
      return masked
    }
    return try LineageSolver(problem).solve(masked)
  }

  private func blurred(_ distances: SquareMatrix, by deviation: Double, _ random: inout Seeded) -> SquareMatrix {
    var blurred = distances
    // Any unit will do.
    PairIndex(Self.n).forEach { _, i, j in
      blurred.setBoth(i, j, 3 * distances[i, j] * Seeded.exponential(deviation * random.normal()))
    }
    return blurred
  }

  @Test func edgesAreThoseOfAllPairsUnlessTheyAreUndecided() throws {
    var random = Seeded.fresh()
    for deviation in [0.001, 0.02] {
      let family = family(&random)
      let whole = try solve(family.sums)
      let compared = near(family.distances)
      let part = try solve(family.sums, compared: compared, blurred(family.distances, by: deviation, &random))
      let finding = try #require(part.leftOut.first, "seed \(random.seed)")
      #expect(finding.members == Array(0..<Self.n) && finding.compared == compared.count { $0 })
      #expect(abs(finding.error / deviation - 1) < 0.2, "seed \(random.seed): \(finding.error)")
      for model in 0..<Self.n where !finding.unexcluded.contains(model) {
        #expect(part.parents[model] == whole.parents[model], "seed \(random.seed), model \(model)")
      }
      for model in finding.unexcluded {
        #expect(part.parents[model] != nil && part.support[model] <= 0.5, "seed \(random.seed)")
      }
      // No parent that was not compared.
      for (model, parent) in part.parents.enumerated() {
        guard let parent else { continue }
        #expect(compared[PairIndex(Self.n)(min(model, parent), max(model, parent))], "seed \(random.seed)")
        #expect(part.distances[parent, model] == whole.distances[parent, model], "seed \(random.seed)")
      }
      #expect(whole.leftOut.isEmpty)
      let mean = Cost.mean(whole.distances)
      #expect(abs(finding.meanDistance / mean - 1) < 0.01, "seed \(random.seed): \(finding.meanDistance), \(mean)")
    }
  }

  /// What was left out is far from certain here, so that nothing may be said of most edges.
  @Test func aBlurredFingerprintLeavesEdgesUndecided() throws {
    var random = Seeded.fresh()
    let family = family(&random)
    let part = try solve(
      family.sums, compared: near(family.distances), blurred(family.distances, by: 0.5, &random))
    let finding = try #require(part.leftOut.first, "seed \(random.seed)")
    #expect(finding.unexcluded.count > Self.n / 2, "seed \(random.seed)")
    for (model, rival) in finding.rivals {
      #expect(part.distances[rival.model, model].isNaN && rival.distance.isFinite, "seed \(random.seed)")
    }
  }

  /// Too few pairs to tell how far fingerprints are off: then nothing is excluded.
  @Test func whereFingerprintsCannotBeJudgedNoEdgeIsDecided() throws {
    var random = Seeded.fresh()
    let family = family(&random, models: 12)
    var isEdge = Array(repeating: false, count: PairIndex(12).count)
    for (model, parent) in family.parents.enumerated() {
      if let parent { isEdge[PairIndex(12)(min(model, parent), max(model, parent))] = true }
    }
    let part = try solve(family.sums, compared: isEdge, family.distances)
    let finding = try #require(part.leftOut.first, "seed \(random.seed)")
    #expect(finding.compared == 11 && finding.error == .infinity, "seed \(random.seed)")
    #expect(!finding.unexcluded.isEmpty, "seed \(random.seed)")
    for rival in finding.rivals.values { #expect(rival.distance == 0) }
  }

  /// Where it changes none with all pairs: which roots are tried, where the weights leave the root open, depends on it.
  @Test func theOrderOfTheModelsChangesNoEdge() throws {
    var random = Seeded.fresh()
    for _ in 0..<8 {
      let family = family(&random)
      // Model k comes at a place of its own.
      let places = Array(0..<Self.n).shuffled(using: &random)
      var order = Array(repeating: 0, count: Self.n)
      for (model, place) in places.enumerated() { order[place] = model }
      let other = family.sums.map { moved($0, order) }
      func named(_ lineage: Lineage) -> [Int?] { places.map { lineage.parents[$0].map { order[$0] } } }
      guard named(try solve(other)) == (try solve(family.sums)).parents else { continue }
      let estimates = blurred(family.distances, by: 0.01, &random)
      let compared = near(family.distances)
      let first = try solve(family.sums, compared: compared, estimates)
      let values = (0..<Self.n * Self.n).map { estimates[order[$0 / Self.n], order[$0 % Self.n]] }
      let second = try solve(
        other, compared: moved(compared, order), SquareMatrix(Self.n, values: values))
      #expect(named(second) == first.parents, "seed \(random.seed)")
      return
    }
    Issue.record("the order decided in all families, seed \(random.seed)")
  }

  /// What there is of pairs, in another order of the models.
  private func moved<Value>(_ values: [Value], _ order: [Int]) -> [Value] {
    let index = PairIndex(order.count)
    var moved: [Value] = []
    index.forEach { _, a, b in moved.append(values[index(min(order[a], order[b]), max(order[a], order[b]))]) }
    return moved
  }

  private func moved(_ tensor: TensorSums, _ order: [Int]) -> TensorSums {
    var other = tensor
    other.sums.l2 = moved(tensor.sums.l2, order)
    other.sums.l1 = moved(tensor.sums.l1, order)
    other.sums.max = moved(tensor.sums.max, order)
    other.sums.moments = order.map { tensor.sums.moments[$0] }
    other.sums.bands = order.flatMap { tensor.sums.bands[$0 * SpectrumGrid.bands..<($0 + 1) * SpectrumGrid.bands] }
    for block in tensor.sums.samples.indices {
      other.sums.samples[block].values = order.flatMap { tensor.sums.samples[block].values(of: $0) }
    }
    other.sums.sketch = nil
    return other
  }
}
