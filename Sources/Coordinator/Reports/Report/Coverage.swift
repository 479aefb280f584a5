internal import Core
internal import Graph
internal import System

/// Which share of each model was compared with which other one: what a finding rests on.
struct Coverage: Encodable, Sendable, Equatable {
  /// Rows and columns.
  var ids: [String]
  /// Tensors that two models share; on the diagonal those that a model shares with any.
  var tensors: [[Int]]
  /// Share of the row's weights that were compared with the column's, 0...1.
  var shares: [[Double]]

  /// - Parameter nodes: models of the collection.
  init(_ run: FinishedRun, _ nodes: [Int]) throws(Failure) {
    ids = nodes.map { run.graph.nodes[$0].id }
    tensors = []
    shares = []
    for node in nodes {
      let (sizes, shared) = (try run.tensorSizes(node), try run.sharedTensors(node))
      let parameters = Double(max(1, run.graph.nodes[node].model?.parameters ?? 1))
      tensors.append(
        nodes.map { other in other == node ? shared.count { $0.contains(true) } : shared.count { $0[other] } })
      shares.append(
        nodes.map { other in
          let compared = zip(shared, sizes).reduce(0.0) { sum, tensor in
            let isShared = other == node ? tensor.0.contains(true) : tensor.0[other]
            return sum + (isShared ? tensor.1 : 0)
          }
          return min(1, compared / parameters)
        })
    }
  }

  /// With a line of titles.
  var rows: [[String]] {
    [[""] + ids]
      + ids.indices.map { row in
        [ids[row]]
          + ids.indices.map { column in
            tensors[row][column] == 0
              ? "not compared" : "\(tensors[row][column]) · \(AnswerText.percent(shares[row][column]))"
          }
      }
  }
}
