internal import Core
internal import Graph

/// Numerical ranks of the differences along the edges of the tree: those of the whole tensors where they
/// are known, else from the sampled submatrices.
///
/// A random submatrix of a matrix of rank r has the rank min(r, its side). Stored weights are rounded,
/// which makes every difference full-rank by a little: singular values count when they are above twice
/// the edge of the rounding noise, sigma (sqrt(rows) + sqrt(columns)) (Marchenko-Pastur), with sigma
/// known from the storage types.
struct EdgeRanks {
  struct Edge: Sendable, Hashable {
    let parent: Int
    let child: Int
  }

  /// What was found of one edge.
  struct Finding: Sendable {
    /// Largest rank of any tensor that differs.
    var rank = 0
    /// Sum of the ranks of all tensors that differ: adds up along the paths of a tree of low-rank updates.
    var total = 0
    /// Largest rank that could have been seen there.
    var most = 0
    /// Tensors that differ.
    var changed = 0
    /// Some tensor's rank is larger than its sketch could show.
    var isSaturated = false
    /// The weakest of any tensor that differs.
    var evidence = RankEvidence.exact

    var isLowRank: Bool { changed > 0 && rank > 0 && 2 * rank <= most && !isSaturated }

    /// What the ranks alone say of how the child came from its parent.
    var relation: Relation { isLowRank ? .lora(rank: rank) : .finetune }

    /// No further submatrix can make this a low rank: none is larger than those seen.
    var isRefuted: Bool { 2 * rank > SampleGrid.side }
  }

  private let edges: [Edge]
  private let rounding: [Double]
  /// Are the ranks known from submatrices alone?
  private let isSampled: Bool
  private(set) var findings: [Finding]

  init(_ edges: [Edge], rounding: [Double], isSampled: Bool) {
    self.edges = edges
    self.rounding = rounding
    self.isSampled = isSampled
    findings = edges.map { _ in Finding() }
  }

  /// Can more tensors change anything?
  var isOpen: Bool { !isSampled || findings.contains { !$0.isRefuted } }

  mutating func add(_ tensor: TensorSums) {
    guard tensor.ranks.isEmpty else { return addRanks(tensor) }
    guard !tensor.sums.samples.isEmpty else { return }
    let places = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
    let index = PairIndex(tensor.models.count)
    let (edges, rounding, findings, isSampled) = (edges, rounding, findings, isSampled)
    let found = Parallel.map(edges.count) { e -> (rank: Int, most: Int)? in
      guard !(isSampled && findings[e].isRefuted), let a = places[edges[e].parent], let b = places[edges[e].child],
        tensor.sums.l2[index(min(a, b), max(a, b))] > 0
      else { return nil }
      var rank = 0
      for block in tensor.sums.samples where !isSampled || 2 * rank <= SampleGrid.side {
        rank = max(
          rank,
          NumericalRank.of(
            block, a, rounding: rounding[edges[e].parent], b, rounding: rounding[edges[e].child]))
      }
      return (rank, tensor.sums.samples.map { min($0.shape.rows, $0.shape.columns) }.max() ?? 0)
    }
    for (e, ranks) in found.enumerated() {
      guard let ranks else { continue }
      self.findings[e].changed += 1
      self.findings[e].evidence = .sampled
      self.findings[e].rank = max(findings[e].rank, ranks.rank)
      self.findings[e].total += ranks.rank
      self.findings[e].most = max(findings[e].most, ranks.most)
      if let a = places[edges[e].parent], let b = places[edges[e].child], hidesRank(tensor, a, b) {
        self.findings[e].isSaturated = true
      }
    }
  }

  private mutating func addRanks(_ tensor: TensorSums) {
    let places = Dictionary(uniqueKeysWithValues: tensor.models.enumerated().map { ($1, $0) })
    let index = PairIndex(tensor.models.count)
    for (e, edge) in edges.enumerated() {
      guard let a = places[edge.parent], let b = places[edge.child],
        let found = tensor.ranks[index(min(a, b), max(a, b))], found.rank > 0
      else { continue }
      findings[e].changed += 1
      findings[e].rank = max(findings[e].rank, Int(found.rank))
      findings[e].total += Int(found.rank)
      findings[e].most = max(findings[e].most, min(tensor.shape.rows, tensor.shape.columns))
      if found.isSaturated || hidesRank(tensor, a, b) { findings[e].isSaturated = true }
      if !found.isExact { findings[e].evidence = findings[e].evidence.weaker(.estimated) }
    }
  }

  /// Share of a difference that errors of rounding may make up. How large those of coarse encodings are depends on how a
  /// writer chooses its scales.
  private static let hiddenShare = 0.1

  /// May errors of rounding hide what an update of full rank would show?
  private func hidesRank(_ tensor: TensorSums, _ a: Int, _ b: Int) -> Bool {
    guard !tensor.independentNoise.isEmpty else { return false }
    let noise = [a, b].reduce(0) { $0 + tensor.independentNoise[$1] * tensor.sums.moments[$1].energy }
    return noise > Self.hiddenShare * tensor.sums.l2[PairIndex(tensor.models.count)(min(a, b), max(a, b))]
  }
}
