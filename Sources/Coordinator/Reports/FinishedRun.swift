public import Core
internal import Foundation
public import Lineage
internal import Storage
public import System

/// What a finished run left in its directory, for everything that is asked about it afterwards.
/// Nothing is written.
public struct FinishedRun {
  /// What `run.json` says of one model.
  public struct Model: Sendable, Decodable {
    public var id: String
    public var path: String
    public var files: [String]
    public var bytes: Int
  }

  /// `run.json`, as far as people ask for it.
  public struct Record: Sendable, Decodable {
    public var software: String
    public var started: String
    public var host: String
    public var system: String
    public var processors: Int
    public var inputs: [String]
    public var models: [Model]
    public var tensors: Int
    public var shards: Int
    public var bytesOfWeights: Int
    public var bytesRead: Int
    public var seconds: Double
  }

  public let path: String
  public let forest: Forest
  public let record: Record
  private let results: HDF5File

  /// - Throws: `Failure` (bad input) when something is missing or does not belong together.
  public init(path: String) throws(Failure) {
    self.path = path
    forest = try JSONTree.read("\(path)/tree.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = FileManager.default.contents(atPath: "\(path)/run.json"),
      let record = try? decoder.decode(Record.self, from: data)
    else {
      throw .badInput(
        "'\(path.printable)' has no readable run.json",
        advice: "name the run directory of a finished run; 'modeltree resume' finishes one")
    }
    self.record = record
    results = try HDF5File(reading: "\(path)/results.h5")
    let ids = try results.strings("/models")
    guard ids.map({ Array($0.utf8) }) == forest.nodes.map({ Array($0.id.utf8) }) else {
      throw .badInput(
        "tree.json and results.h5 in '\(path.printable)' are not of the same run",
        advice: "run the same recovery again; what is finished is not computed again")
    }
  }

  public var ids: [String] { forest.nodes.map(\.id) }

  /// Name of the distance that the run was asked for.
  public var metric: String { forest.graph["distance"] ?? "auto" }

  /// n x n; NaN where two models share nothing.
  public func distances() throws(Failure) -> SquareMatrix { try matrix("/distance/\(metric)") }
  public func costs() throws(Failure) -> SquareMatrix { try matrix("/cost") }
  public func evidence() throws(Failure) -> SquareMatrix { try matrix("/evidence") }
  public func relatedness() throws(Failure) -> SquareMatrix { try matrix("/relatedness") }

  private func matrix(_ name: String) throws(Failure) -> SquareMatrix {
    let values = try results.doubles(name)
    let n = forest.nodes.count
    guard values.count == n * n else {
      throw .badInput(
        "'\(path.printable)/results.h5': '\(name)' has \(values.count) values, expected \(n) x \(n)",
        advice: "run the same recovery again; what is finished is not computed again")
    }
    return SquareMatrix(n, values: values)
  }

  /// One row of an n x n matrix.
  func row(_ name: String, _ node: Int) throws(Failure) -> [Double] {
    try results.doubles(name, start: [node, 0], count: [1, forest.nodes.count])
  }

  /// Euclidean distances of two models, tensor by tensor; NaN where they do not share it.
  func tensorDistances(_ a: Int, _ b: Int) throws(Failure) -> [Double] {
    let tensors = try results.strings("/tensors").count
    return try results.doubles("/tensor_distance/l2", start: [0, a, b], count: [tensors, 1, 1])
  }

  /// Kurtosis of each tensor of a model; NaN where it does not have it.
  func kurtosis(_ node: Int) throws(Failure) -> [Double] {
    let tensors = try results.strings("/tensors").count
    return try results.doubles("/kurtosis", start: [node, 0], count: [1, tensors])
  }

  /// What each tensor does in its network.
  func roles() throws(Failure) -> [String] { try results.strings("/tensor_role") }

  /// The model that somebody means: its id, or the only one that ends with the text.
  ///
  /// - Returns: its number.
  public func model(_ text: String) throws(Failure) -> Int {
    let ids = ids
    if let exact = ids.firstIndex(of: text) { return exact }
    let ending = ids.indices.filter { ids[$0].hasSuffix("/" + text) }
    if ending.count == 1 { return ending[0] }
    let near = ids.filter { $0.localizedCaseInsensitiveContains(text) }.prefix(5)
    let advice =
      near.isEmpty
      ? "'modeltree tree' shows the ids of a run"
      : "did you mean \(near.map { "'\($0.printable)'" }.joined(separator: " or "))?"
    throw .badInput("there is no model '\(text.printable)' in '\(path.printable)'", advice: advice)
  }
}
