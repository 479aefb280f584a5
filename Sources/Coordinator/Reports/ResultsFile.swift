public import Core
internal import Foundation
public import Lineage
internal import Storage

/// `results.h5`: every number behind the tree, readable with h5py.
public enum ResultsFile {
  public static func write(
    to path: String, ids: [String], tensors: [TensorSums], lineage: Lineage, metric: DistanceMetric
  ) throws(Failure) {
    let temporary = AtomicFile.temporaryName(for: path)
    do throws(Failure) {
      let file = try HDF5File(creating: temporary)
      try fill(file, ids, tensors, lineage, metric)
      try file.close()
      try AtomicFile.commit(temporary, as: path)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
  }

  private static func fill(
    _ file: HDF5File, _ ids: [String], _ tensors: [TensorSums], _ lineage: Lineage,
    _ metric: DistanceMetric
  ) throws(Failure) {
    let n = ids.count
    try file.setAttribute("modeltree", of: "/", to: Version.software)
    try file.write(ids, to: "/models")
    try file.write(tensors.map(\.name), to: "/tensors")
    try file.write(tensors.map { "\($0.shape)" }, to: "/tensor_shape")
    try file.write(tensors.map(\.role.rawValue), to: "/tensor_role")
    try file.makeGroup("/distance")
    try distances(file, tensors, lineage, metric)
    try layers(file, "/tensor_distance/l2", tensors, n) { $0.l2[$1].squareRoot() }
    if tensors.contains(where: { !$0.sums.l1.isEmpty }) {
      try layers(file, "/tensor_distance/l1", tensors, n) { $0.l1[$1] }
    }
    if tensors.contains(where: { !$0.sums.max.isEmpty }) {
      try layers(file, "/tensor_distance/max", tensors, n) { $0.max[$1] }
    }
    try moments(file, tensors, n)
    try file.write(lineage.scores, shape: [n], to: "/score")
    try file.write(lineage.direction.values.map { UInt8($0) }, shape: [n, n], to: "/direction")
    try file.write(lineage.cost.values, shape: [n, n], to: "/cost")
    try file.write(lineage.relatedness.values, shape: [n, n], to: "/relatedness")
    try file.write(lineage.families.map { Int64($0) }, shape: [n], to: "/family")
  }

  /// The metric of the run, and the two that every run can tell.
  private static func distances(
    _ file: HDF5File, _ tensors: [TensorSums], _ lineage: Lineage, _ metric: DistanceMetric
  ) throws(Failure) {
    let n = lineage.distances.n
    for other in Set([metric, .auto, .l2]).sorted(by: { $0.rawValue < $1.rawValue }) {
      let name = "/distance/\(other.rawValue)"
      let matrix = other == metric ? lineage.distances : other.matrix(tensors, models: n)
      try file.write(matrix.values, shape: [n, n], to: name)
      try file.setAttribute("definition", of: name, to: other.definition)
    }
  }

  private static func layers(
    _ file: HDF5File, _ name: String, _ tensors: [TensorSums], _ n: Int,
    _ value: (Partial, Int) -> Double
  ) throws(Failure) {
    if name.hasSuffix("/l2") { try file.makeGroup("/tensor_distance") }
    let layers = try file.makeLayers(name, layers: tensors.count, n: n)
    for (index, tensor) in tensors.enumerated() {
      var matrix = SquareMatrix(n, filledWith: .nan)
      for model in tensor.models { matrix[model, model] = 0 }
      tensor.forEachPair { p, a, b in
        matrix.setBoth(tensor.models[a], tensor.models[b], value(tensor.sums, p))
      }
      try layers.write(matrix, layer: index)
    }
  }

  /// Per model and tensor, n x L; NaN where the model does not have the tensor.
  private static func moments(_ file: HDF5File, _ tensors: [TensorSums], _ n: Int) throws(Failure) {
    let columns: [(String, (Moments) -> Double)] = [
      ("/kurtosis", { $0.kurtosis }),
      ("/moments/mean", { $0.mean }), ("/moments/variance", { $0.variance }),
      ("/moments/m3", { $0.m3 / $0.count }), ("/moments/m4", { $0.m4 / $0.count }),
      ("/moments/min", { $0.minimum }), ("/moments/max", { $0.maximum }),
      ("/moments/zeros", { Double($0.zeros) }), ("/moments/not_finite", { Double($0.notFinite) }),
    ]
    try file.makeGroup("/moments")
    for (name, value) in columns {
      var values = Array(repeating: Double.nan, count: n * tensors.count)
      for (column, tensor) in tensors.enumerated() {
        for (position, model) in tensor.models.enumerated() {
          values[model * tensors.count + column] = value(tensor.sums.moments[position])
        }
      }
      try file.write(values, shape: [n, tensors.count], to: name)
    }
  }
}
