internal import Core
internal import Graph
internal import System

/// Reads what a run says of models as possible parents of one of them.
struct WhyCandidates {
  private let run: FinishedRun
  private let child: Int
  /// Of the child's family.
  private let members: [Int]
  private let distances: BlockMatrix
  private let cost: BlockMatrix
  private let evidence: BlockMatrix
  /// Of the child to every model.
  private let relatedness: [Double]
  /// nil where the run did not keep it.
  private let probability: [Double]?
  /// Of the child's tensors: is it a linear map?
  private let isLinear: [Bool]

  init(
    _ run: FinishedRun, child: Int, _ members: [Int], _ distances: BlockMatrix, _ cost: BlockMatrix,
    _ relatedness: [Double]
  ) throws(Failure) {
    self.run = run
    self.child = child
    self.members = members
    self.distances = distances
    self.cost = cost
    evidence = try run.evidence()
    self.relatedness = relatedness
    // Earlier runs did not keep it.
    probability = try? run.row("/relatedness_p", child)
    isLinear = try run.roles(child).map { $0 == "linear" }
  }

  /// How many of the child's tensors are linear maps.
  var linearMaps: Int { isLinear.count { $0 } }

  /// Mean over the child's linear maps of a model's excess kurtosis; NaN where nothing is known.
  func meanKurtosis(of model: Int) throws(Failure) -> Double {
    let values = linear(try run.kurtosis(child, of: model)).filter(\.isFinite)
    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// - Parameters:
  ///   - model: nil gives nil.
  ///   - other: what it is held against.
  func candidate(_ model: Int?, against other: Int?) throws(Failure) -> Why.Candidate? {
    guard let model else { return nil }
    let distance = distances[model, child]
    let own = linear(try run.tensorDistances(model, child))
    let rivals = try other.map { other throws(Failure) in linear(try run.tensorDistances(other, child)) } ?? []
    return Why.Candidate(
      id: run.graph.nodes[model].id, distance: distance,
      nearness: 1 + members.count { $0 != child && distances[$0, child] < distance },
      evidence: evidence[model, child], penalty: max(0, cost[model, child] - distance),
      cost: cost[model, child], relatedness: relatedness[model],
      probability: probability.flatMap { $0[model].isFinite ? $0[model] : nil },
      score: run.graph.nodes[model].model?.score, kurtosis: try meanKurtosis(of: model),
      nearerTensors: zip(own, rivals).count { $0 < $1 })
  }

  private func linear(_ values: [Double]) -> [Double] { zip(values, isLinear).filter(\.1).map(\.0) }
}
