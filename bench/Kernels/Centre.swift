import Core
import Lineage
import System

/// Families, cost matrix and arborescence of 10,000 models in 50 families, in processor time.
func measureCentre() {
  let n = 10_000
  let families = 50
  var random = Stream(state: 1)
  var distances = SquareMatrix(n)
  var evidence = SquareMatrix(n)
  PairIndex(n).forEach { _, i, j in
    let near = i % families == j % families
    distances.setBoth(i, j, Double.random(in: 0..<1, using: &random) + (near ? 0.1 : 10))
    evidence[i, j] = Bool.random(using: &random) ? -1 : 1
    evidence[j, i] = -evidence[i, j]
  }
  var labels: [Int] = []
  let grouping = processorSeconds { labels = Families.connected(n) { distances[$0, $1] < 5 } }
  precondition(labels.max() == families - 1)
  var cost = SquareMatrix(0)
  let costing = processorSeconds {
    cost = Cost(distances: distances, penalty: Penalty(.motherFT, .specialization), lambda: 0.3)
      .matrix(distances: distances, evidence: evidence)
  }
  var parents: [Int?] = []
  let solving = processorSeconds { parents = Arborescence.parents(cost) }
  precondition(parents.count { $0 == nil } == 1)
  var ward: [Int] = []
  let linking = processorSeconds { ward = Families.ward(distances, count: families) }
  precondition(ward == labels)
  report(
    "centre",
    [
      ("n", n), ("families_s", grouping), ("ward_s", linking),
      ("cost_s", costing), ("arborescence_s", solving),
      ("matrix_bytes", n * n * 8), ("rss_bytes", ResidentMemory.peakBytes),
    ])
}
