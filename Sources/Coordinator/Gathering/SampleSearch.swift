package import Core
internal import Lineage
package import Planning
package import System

/// The models of a run that are near another model, judged by the samples that the run has kept: none of their weights
/// is read again.
package struct SampleSearch: Sendable {
  package struct Match: Sendable, Equatable {
    /// Number of the model in the run's plan.
    package let model: Int
    /// |x - y|^2 / (|x|^2 + |y|^2) over the sampled weights; about 1 for strangers.
    package let ratio: Double
    /// Sampled weights that both have.
    package let weights: Int
  }

  /// Models that share sampled weights, the nearest first.
  package let matches: [Match]
  /// Weights of the new model that were read.
  package let weightsRead: Int

  /// - Parameters:
  ///   - run: the run's plan.
  ///   - statistics: its gathered sums.
  ///   - weights: the new model's weights of a tensor of the plan at rows x columns; nil where it
  ///     does not have the tensor.
  package init(
    _ run: Plan, _ statistics: TensorStatistics,
    weights: (PlannedTensor, SampleGrid.Place) throws(Failure) -> [Float]?
  ) throws(Failure) {
    let n = run.models.count
    var apart = Array(repeating: 0.0, count: n)
    var spread = apart
    var counts = Array(repeating: 0, count: n)
    var read = 0
    var shards = run.shards[...]
    var number = 0
    try statistics.eachTensor { tensor throws(Failure) in
      defer { number += 1 }
      var places: [SampleGrid.Place] = []
      while let shard = shards.first, shard.tensor == number {
        places += SampleGrid.places(
          columns: tensor.shape.columns, coordinates: shard.coordinates, count: shard.samples)
        shards.removeFirst()
      }
      for (block, place) in zip(tensor.sums.samples, places) {
        guard let own = try weights(run.tensors[number], place) else { return }
        read += own.count
        let energy = own.reduce(0.0) { $0 + Double($1) * Double($1) }
        for (position, model) in tensor.models.enumerated() {
          for (x, y) in zip(own, block.values(of: position)) {
            let difference = Double(x) - Double(y)
            apart[model] += difference * difference
            spread[model] += Double(y) * Double(y)
          }
          spread[model] += energy
          counts[model] += own.count
        }
      }
    }
    weightsRead = read
    matches = (0..<n).filter { counts[$0] > 0 && apart[$0].isFinite && spread[$0] > 0 }.map {
      Match(model: $0, ratio: apart[$0] / spread[$0], weights: counts[$0])
    }.sorted { ($0.ratio, $0.model) < ($1.ratio, $1.model) }
  }
}
