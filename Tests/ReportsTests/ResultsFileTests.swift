import Core
import Encodings
import Lineage
import Reports
import System
import TestSupport
import Testing

/// `results.h5` as h5py reads it.
struct ResultsFileTests {
  private struct Found: Decodable {
    var dtype: String
    var shape: [Int]
    var numbers: [Double?]
    var strings: [String]
    var attributes: [String: String]
  }

  private let folder: TemporaryFolder
  private let ids = ["parent", "Größe/层", "stranger"]

  init() throws { folder = try TemporaryFolder() }

  private func moments(_ mean: Double, m2: Double, m4: Double) -> Moments {
    Moments(
      count: 4, mean: mean, m2: m2, m3: 0, m4: m4, minimum: -1, maximum: 2, zeros: 1, notFinite: 0)
  }

  /// One tensor of all three models, one of the first two.
  private func tensors() throws -> [TensorSums] {
    var all = Partial(PartialSchema(models: 3, statistics: [.l1, .max]))
    all.l2 = [4, 9, 16]
    all.l1 = [1, 2, 3]
    all.max = [0.5, 1, 2]
    all.moments = [moments(0, m2: 8, m4: 20), moments(0.5, m2: 8, m4: 24), moments(0, m2: 1, m4: 1)]
    var two = Partial(PartialSchema(models: 2, statistics: [.l1, .max]))
    two.l2 = [25]
    two.l1 = [7]
    two.max = [5]
    two.moments = [moments(0, m2: 2, m4: 2), moments(0, m2: 0, m4: 0)]
    let shape = try #require(TensorShape([2, 2]))
    var first = TensorSums(name: "w.0/ü", role: .linear, shape: shape, models: [0, 1, 2], sums: all)
    first.ranks = [
      DifferenceRank(rank: 1, isExact: true, isSaturated: false),
      DifferenceRank(rank: 2, isExact: false, isSaturated: true), nil,
    ]
    var second = TensorSums(name: "w.1", role: .linear, shape: shape, models: [0, 1], sums: two)
    second.ranks = [DifferenceRank(rank: 2, isExact: true, isSaturated: false)]
    return [first, second]
  }

  private func write(_ metric: DistanceMetric) throws -> (Lineage, [String: Found]) {
    let tensors = try tensors()
    let path = folder.at("results.h5")
    let file = try ResultsFile(to: path, ids: ids)
    let section = try file.section(tensors: described(tensors))
    let problem = LineageProblem(
      rounding: ids.map { _ in Encoding.f32.roundoff },
      options: LineageOptions(metric: metric, replicates: 5), haveSameSignature: { _, _ in false })
    let lineage = try LineageSolver(problem).solve(tensors, observing: section.add)
    try section.finish(lineage, metric: metric)
    try file.close(families: lineage.families)
    return (lineage, try Oracle.run("arrays.py", path))
  }

  private func described(_ tensors: [TensorSums]) -> [ResultsFile.Tensor] {
    tensors.map {
      ResultsFile.Tensor(
        name: $0.name, shape: $0.shape, role: $0.role, statistics: $0.sums.statistics.union(.sketch))
    }
  }

  private func optional(_ values: [Double]) -> [Double?] { values.map { $0.isNaN ? nil : $0 } }

  @Test func everyArrayHasTheTypeAndShapeOfTheContract() throws {
    let found = try write(.auto).1
    let expected: [String: (String, [Int])] = [
      "models": ("utf-8", [3]), "tensors": ("utf-8", [2]), "distance/auto": ("float64", [3, 3]),
      "distance/l2": ("float64", [3, 3]), "tensor_distance/l2": ("float64", [2, 3, 3]),
      "tensor_distance/l1": ("float64", [2, 3, 3]), "tensor_distance/max": ("float64", [2, 3, 3]),
      "kurtosis": ("float64", [3, 2]), "score": ("float64", [3]), "direction": ("uint8", [3, 3]),
      "cost": ("float64", [3, 3]), "family": ("int64", [3]), "relatedness": ("float64", [3, 3]),
      "relatedness_p": ("float64", [3, 3]), "parent_test": ("float64", [3, 2]),
      "moments/mean": ("float64", [3, 2]), "moments/variance": ("float64", [3, 2]),
    ]
    for (name, (type, shape)) in expected {
      #expect(found[name]?.dtype == type, "\(name)")
      #expect(found[name]?.shape == shape, "\(name)")
    }
    #expect(found["models"]?.strings == ids)
    #expect(found["tensors"]?.strings == ["w.0/ü", "w.1"])
    #expect(found["tensor_shape"]?.strings == ["[2, 2]", "[2, 2]"])
    #expect(found["tensor_role"]?.strings == ["linear", "linear"])
  }

  @Test func distancesAreRootsPerTensorAndMissingWhereNotShared() throws {
    let found = try write(.auto).1
    let first: [Double?] = [0, 2, 3, 2, 0, 4, 3, 4, 0]
    let second: [Double?] = [0, 5, nil, 5, 0, nil, nil, nil, nil]
    #expect(found["tensor_distance/l2"]?.numbers == first + second)
    let absolute: [Double?] = [0, 1, 2, 1, 0, 3, 2, 3, 0, 0, 7, nil, 7, 0, nil, nil, nil, nil]
    #expect(found["tensor_distance/l1"]?.numbers == absolute)
    let largest: [Double?] = [0, 0.5, 1, 0.5, 0, 2, 1, 2, 0, 0, 5, nil, 5, 0, nil, nil, nil, nil]
    #expect(found["tensor_distance/max"]?.numbers == largest)
  }

  @Test func ranksAreThereWithWhatIsKnownOfThem() throws {
    let found = try write(.lora).1
    let first: [Double?] = [0, 1, 2, 1, 0, nil, 2, nil, 0]
    let second: [Double?] = [0, 2, nil, 2, 0, nil, nil, nil, nil]
    #expect(found["tensor_distance/rank"]?.numbers == first + second)
    #expect(found["tensor_rank_exact"]?.dtype == "uint8")
    #expect(found["tensor_rank_exact"]?.numbers == [1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0])
    let saturated = found["tensor_rank_saturated"]?.numbers
    #expect(saturated == [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  }

  // The published distances are NaN between families; the end-to-end tests look at them.
  @Test(arguments: DistanceMetric.allCases.filter { !$0.isPublished })
  func metricOfTheRunIsThereWithItsDefinition(_ metric: DistanceMetric) throws {
    let (lineage, found) = try write(metric)
    let array = try #require(found["distance/\(metric.rawValue)"])
    #expect(array.numbers == optional(lineage.distances.values))
    #expect(array.attributes["definition"] == metric.definition)
    let between: [DistanceMetric: Double] = [.l2: 29.0.squareRoot(), .l1: 8, .max: 5, .lora: 3]
    if let expected = between[metric] { #expect(array.numbers[1] == expected) }
    let names = Set(["l2", metric.rawValue].map { "distance/\($0)" })
    #expect(Set(found.keys.filter { $0.hasPrefix("distance/") }) == names)
  }

  @Test func momentsAreMissingWhereTheTensorIs() throws {
    let found = try write(.auto).1
    // count * m4 / m2^2 - 3; a constant tensor has none.
    let kurtosis: [Double?] = [-1.75, -1, -1.5, nil, 1, nil]
    #expect(found["kurtosis"]?.numbers == kurtosis)
    #expect(found["moments/mean"]?.numbers == [0, 0, 0.5, 0, 0, nil])
    #expect(found["moments/variance"]?.numbers == [2, 0.5, 2, 0, 0.25, nil])
    #expect(found["moments/zeros"]?.numbers == [1, 1, 1, 1, 1, nil])
  }

  @Test func solvedMatricesAreTheLineageOnes() throws {
    let (lineage, found) = try write(.auto)
    #expect(found["score"]?.numbers == optional(lineage.scores))
    #expect(found["direction"]?.numbers == optional(lineage.direction.values))
    #expect(found["cost"]?.numbers == optional(lineage.cost.values))
    #expect(found["relatedness"]?.numbers == optional(lineage.relatedness.values))
    #expect(found["family"]?.numbers == lineage.families.map { Double($0) })
  }

  @Test func nothingIsLeftBesideTheFile() throws {
    _ = try write(.auto)
    _ = try write(.l2)
    #expect(try folder.names(in: ".") == ["results.h5"])
  }

  @Test func folderThatIsNotThereIsNamed() throws {
    let path = folder.at("none/results.h5")
    let error = try #require(failure { _ = try ResultsFile(to: path, ids: ids) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(path))
  }
}
