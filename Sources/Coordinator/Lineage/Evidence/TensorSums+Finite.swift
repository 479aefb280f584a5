internal import Core

extension TensorSums {
  /// Without the models whose weights in it are not all finite.
  var finite: TensorSums {
    let places = models.indices.filter { sums.moments[$0].notFinite == 0 }
    guard places.count < models.count else { return self }
    var left = self
    left.models = places.map { models[$0] }
    left.sums = sums.selecting(places, samples: sums.samples.count)
    if !noise.isEmpty { left.noise = places.map { noise[$0] } }
    if !independentNoise.isEmpty { left.independentNoise = places.map { independentNoise[$0] } }
    guard !ranks.isEmpty else { return left }
    let pairs = PairIndex(models.count)
    left.ranks = []
    PairIndex(places.count).forEach { _, a, b in left.ranks.append(ranks[pairs(places[a], places[b])]) }
    return left
  }
}
