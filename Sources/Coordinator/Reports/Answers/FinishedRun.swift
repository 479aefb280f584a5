package import Core
internal import Foundation
package import Graph
internal import Lineage
internal import Storage
package import System

/// The results of a finished run, as its directory holds them. Nothing is written, and everything is checked before it
/// is used: a run directory may come from anybody.
package struct FinishedRun {
  package let path: String
  package let report: TreeReport
  package let record: RunRecord
  private let results: HDF5File
  /// Per row of the matrices its node: the models of the collection, without inferred ancestors.
  private let observed: [Int]
  /// The reverse; nil for inferred nodes.
  private let row: [Int?]

  /// - Throws: `Failure` (bad input) when something is missing or does not belong together.
  package init(path: String) throws(Failure) {
    self.path = path
    let report = try TreeReport(path: "\(path)/tree.json")
    self.report = report
    record = try RunRecord(path: "\(path)/run.json")
    results = try HDF5File(reading: "\(path)/results.h5")
    let observed = report.graph.nodes.indices.filter { !report.graph.nodes[$0].isInferred }
    var row: [Int?] = Array(repeating: nil, count: report.graph.nodes.count)
    for (place, node) in observed.enumerated() { row[node] = place }
    self.observed = observed
    self.row = row
    let ids = try results.strings("/models")
    guard ids.map({ ByteString($0) }) == observed.map({ ByteString(report.graph.nodes[$0].id) }) else {
      throw .badInput(
        "tree.json and results.h5 in '\(path.printable)' are not of the same run",
        advice: "run the same recovery again; what is finished is not computed again")
    }
  }

  package var graph: ModelGraph { report.graph }

  /// Ids of all nodes.
  package var ids: [String] { graph.nodes.map(\.id) }

  /// Name of the distance that the run was asked for.
  package var metric: String { report.description.options.metric.rawValue }

  /// Rows and columns are nodes; NaN where two models share nothing, and for inferred nodes.
  package func distances() throws(Failure) -> SquareMatrix { try matrix("/distance/\(metric)") }
  package func costs() throws(Failure) -> SquareMatrix { try matrix("/cost") }
  package func evidence() throws(Failure) -> SquareMatrix { try matrix("/evidence") }
  package func relatedness() throws(Failure) -> SquareMatrix { try matrix("/relatedness") }

  func probability() throws(Failure) -> SquareMatrix { try matrix("/relatedness_p") }

  private func matrix(_ name: String) throws(Failure) -> SquareMatrix {
    let n = observed.count
    let values = try results.doubles(name)
    guard values.count == n * n else {
      throw .badInput(
        "'\(path.printable)/results.h5': '\(name)' has \(values.count) values, expected \(n) x \(n)",
        advice: "run the same recovery again; what is finished is not computed again")
    }
    let matrix = SquareMatrix(n, values: values)
    guard n < graph.nodes.count else { return matrix }
    var widened = SquareMatrix(graph.nodes.count, filledWith: .nan)
    for (a, i) in observed.enumerated() {
      for (b, j) in observed.enumerated() { widened[i, j] = matrix[a, b] }
    }
    return widened
  }

  /// One row of a matrix, by node; NaN for and of inferred nodes.
  func row(_ name: String, _ node: Int) throws(Failure) -> [Double] {
    var values = Array(repeating: Double.nan, count: graph.nodes.count)
    guard let place = row[node] else { return values }
    let found = try results.doubles(name, start: [place, 0], count: [1, observed.count])
    for (node, value) in zip(observed, found) { values[node] = value }
    return values
  }

  /// Euclidean distances of two models, tensor by tensor; NaN where they do not share it. Empty for inferred nodes.
  func tensorDistances(_ a: Int, _ b: Int) throws(Failure) -> [Double] {
    guard let a = row[a], let b = row[b] else { return [] }
    let tensors = try results.strings("/tensors").count
    return try results.doubles("/tensor_distance/l2", start: [0, a, b], count: [tensors, 1, 1])
  }

  /// Weights of each tensor of the plan.
  func tensorSizes() throws(Failure) -> [Double] {
    try results.strings("/tensor_shape").map { shape in
      shape.split { !$0.isNumber }.compactMap { Double($0) }.reduce(1, *)
    }
  }

  /// Per tensor of the plan, by node: does the model share it with that one?
  func sharedTensors(_ node: Int) throws(Failure) -> [[Bool]] {
    let none = Array(repeating: false, count: graph.nodes.count)
    guard let place = row[node] else { return [] }
    let tensors = try results.strings("/tensors").count
    let apart = try results.doubles("/tensor_distance/l2", start: [0, place, 0], count: [tensors, 1, observed.count])
    return (0..<tensors).map { tensor in
      var shared = none
      for (column, other) in observed.enumerated() where other != node {
        shared[other] = !apart[tensor * observed.count + column].isNaN
      }
      return shared
    }
  }

  /// Kurtosis of each tensor of a model; NaN where it does not have it. Empty for inferred nodes.
  func kurtosis(_ node: Int) throws(Failure) -> [Double] {
    guard let place = row[node] else { return [] }
    let tensors = try results.strings("/tensors").count
    return try results.doubles("/kurtosis", start: [place, 0], count: [1, tensors])
  }

  /// What each tensor does in its network.
  func roles() throws(Failure) -> [String] { try results.strings("/tensor_role") }

  /// The model that somebody means: its id, its path, or the only one that ends with the text.
  ///
  /// - Parameter text: as it was typed: `m-8f45`, `m-8f45/`, `models/m-8f45`.
  /// - Returns: its node.
  package func model(_ text: String) throws(Failure) -> Int {
    let ids = ids
    let typed = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    let bytes = ByteString(typed)
    if let exact = ids.firstIndex(where: { ByteString($0) == bytes }) ?? ids.firstIndex(of: typed) { return exact }
    let ending = ids.indices.filter { ids[$0].hasSuffix("/" + typed) }
    if ending.count == 1 { return ending[0] }
    let path = URL(fileURLWithPath: typed).standardizedFileURL.path
    let placed = graph.nodes.indices.filter { graph.nodes[$0].model?.path == path }
    if placed.count == 1 { return placed[0] }
    let within = ids.indices.filter { typed.hasSuffix("/" + ids[$0]) }
    if within.count == 1 { return within[0] }
    let near = ids.filter { $0.localizedCaseInsensitiveContains(text) }.prefix(5)
    let advice =
      near.isEmpty
      ? "'modeltree tree' shows the ids of a run"
      : "did you mean \(near.map { "'\($0.printable)'" }.joined(separator: " or "))?"
    throw .badInput("there is no model '\(text.printable)' in '\(path.printable)'", advice: advice)
  }
}
