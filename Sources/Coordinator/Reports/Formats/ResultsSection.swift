package import Core
package import Lineage
internal import Storage
package import System

/// The arrays of `results.h5` about models that are compared with each other.
package final class ResultsSection {
  private let file: HDF5File
  private let group: String
  /// Models.
  private let n: Int
  private let tensors: [ResultsFile.Tensor]
  /// Released before the file is closed: HDF5 keeps a file open as long as any of its arrays is.
  private var l2: HDF5File.Layers?
  private var l1: HDF5File.Layers?
  private var max: HDF5File.Layers?
  private var ranks: (rank: HDF5File.Layers, exact: HDF5File.Layers, saturated: HDF5File.Layers)?
  private var euclidean: DistanceSums
  /// Per quantity n x L; NaN where the model does not have the tensor.
  private var moments: [[Double]]
  private var layer = 0

  private static let quantities: [(name: String, value: @Sendable (Moments) -> Double)] = [
    ("/kurtosis", { $0.kurtosis }),
    ("/moments/mean", { $0.mean }), ("/moments/variance", { $0.variance }),
    ("/moments/m3", { $0.m3 / $0.count }), ("/moments/m4", { $0.m4 / $0.count }),
    ("/moments/min", { $0.minimum }), ("/moments/max", { $0.maximum }),
    ("/moments/zeros", { Double($0.zeros) }), ("/moments/not_finite", { Double($0.notFinite) }),
  ]

  /// - Parameters:
  ///   - group: the path of the section's group; empty: the top of the file.
  ///   - models: how many there are.
  init(_ file: HDF5File, group: String, models n: Int, _ tensors: [ResultsFile.Tensor]) throws(Failure) {
    self.file = file
    self.group = group
    self.n = n
    self.tensors = tensors
    euclidean = DistanceSums(.l2, models: n)
    moments = Self.quantities.map { _ in Array(repeating: .nan, count: n * tensors.count) }
    func layers(_ name: String, _ wanted: Bool) throws(Failure) -> HDF5File.Layers? {
      wanted ? try file.makeLayers("\(group)/tensor_distance/\(name)", layers: tensors.count, n: n) : nil
    }
    try file.write(tensors.map(\.name), to: "\(group)/tensors")
    try file.write(tensors.map { "\($0.shape)" }, to: "\(group)/tensor_shape")
    try file.write(tensors.map(\.role.rawValue), to: "\(group)/tensor_role")
    try file.makeGroup("\(group)/tensor_distance")
    l2 = try layers("l2", true)
    l1 = try layers("l1", tensors.contains { $0.statistics.contains(.l1) })
    max = try layers("max", tensors.contains { $0.statistics.contains(.max) })
    guard tensors.contains(where: { $0.statistics.contains(.sketch) }) else { return }
    func bytes(_ name: String) throws(Failure) -> HDF5File.Layers {
      try file.makeLayers("\(group)\(name)", layers: tensors.count, n: n, of: .bytes)
    }
    ranks = (
      try file.makeLayers("\(group)/tensor_distance/rank", layers: tensors.count, n: n),
      try bytes("/tensor_rank_exact"), try bytes("/tensor_rank_saturated")
    )
    for (name, text) in Self.rankArrays { try file.setAttribute("definition", of: "\(group)\(name)", to: text) }
  }

  private static let rankArrays = [
    ("/tensor_distance/rank", "numerical rank of the difference; NaN where not known"),
    (
      "/tensor_rank_exact",
      "1: numpy.linalg.matrix_rank of the float32 difference is the same; 0: singular values above the noise of rounding, or not known"
    ),
    (
      "/tensor_rank_saturated",
      "1: the rank is at least so large: the sketch shows no more, or the noise of rounding hides some"
    ),
  ]

  /// Adds the next tensor.
  package func add(_ tensor: TensorSums) throws(Failure) {
    if let l2 { try write(tensor, to: l2) { $0.l2[$1].squareRoot() } }
    if let l1 { try write(tensor, to: l1) { $0.l1.isEmpty ? .nan : $0.l1[$1] } }
    if let max { try write(tensor, to: max) { $0.max.isEmpty ? .nan : $0.max[$1] } }
    if let ranks {
      let found = tensor.ranks
      func pick(_ missing: Double, _ value: @escaping (DifferenceRank) -> Double) -> (Partial, Int) -> Double {
        { _, p in found.isEmpty ? missing : found[p].map(value) ?? missing }
      }
      try write(tensor, to: ranks.rank, pick(.nan) { Double($0.rank) })
      try write(tensor, to: ranks.exact, missing: 0, own: 1, pick(0) { $0.isExact ? 1 : 0 })
      try write(tensor, to: ranks.saturated, missing: 0, pick(0) { $0.isSaturated ? 1 : 0 })
    }
    euclidean.add(TensorView(tensor))
    for (position, model) in tensor.models.enumerated() {
      for (index, quantity) in Self.quantities.enumerated() {
        moments[index][model * tensors.count + layer] = quantity.value(tensor.sums.moments[position])
      }
    }
    layer += 1
  }

  /// - Parameters:
  ///   - missing: for models that do not have the tensor.
  ///   - own: for a model and itself.
  private func write(
    _ tensor: TensorSums, to layers: HDF5File.Layers, missing: Double = .nan, own: Double = 0,
    _ value: (Partial, Int) -> Double
  ) throws(Failure) {
    var matrix = SquareMatrix(n, filledWith: missing)
    for model in tensor.models { matrix[model, model] = own }
    tensor.forEachPair { p, a, b in
      matrix.setBoth(tensor.models[a], tensor.models[b], value(tensor.sums, p))
    }
    try layers.write(matrix, layer: layer)
  }

  /// Adds what was solved.
  package func finish(_ lineage: Lineage, metric: DistanceMetric) throws(Failure) {
    for layers in [l2, l1, max, ranks?.rank, ranks?.exact, ranks?.saturated] { try layers?.flush() }
    try file.makeGroup("\(group)/distance")
    try write(lineage.distances, of: metric)
    if metric != .l2 { try write(euclidean.matrix, of: .l2) }
    try file.makeGroup("\(group)/moments")
    for (index, quantity) in Self.quantities.enumerated() {
      try file.write(moments[index], shape: [n, tensors.count], to: "\(group)\(quantity.name)")
    }
    try file.write(lineage.scores, shape: [n], to: "\(group)/score")
    try file.write(lineage.evidence.values, shape: [n, n], to: "\(group)/evidence")
    try file.write(lineage.direction.values.map { UInt8($0) }, shape: [n, n], to: "\(group)/direction")
    try file.write(lineage.cost.values, shape: [n, n], to: "\(group)/cost")
    try file.write(lineage.relatedness.values, shape: [n, n], to: "\(group)/relatedness")
    try file.write(lineage.probability.values, shape: [n, n], to: "\(group)/relatedness_p")
    let tests = lineage.parentTests.flatMap { test -> [Double] in
      [test?.energies ?? .nan, test?.tables ?? .nan]
    }
    try file.write(tests, shape: [n, 2], to: "\(group)/parent_test")
    try file.write(lineage.families.map { Int64($0) }, shape: [n], to: "\(group)/family")
    (l2, l1, max, ranks) = (nil, nil, nil, nil)
  }

  private func write(_ distances: SquareMatrix, of metric: DistanceMetric) throws(Failure) {
    let name = "\(group)/distance/\(metric.rawValue)"
    try file.write(distances.values, shape: [n, n], to: name)
    try file.setAttribute("definition", of: name, to: metric.definition)
  }
}
