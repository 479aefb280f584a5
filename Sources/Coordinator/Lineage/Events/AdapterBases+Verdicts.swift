internal import Core
internal import Glibc
package import Graph

/// The probabilities were fitted on adapters of small decoders with known bases, see docs/accuracy.md.
extension AdapterBases {
  /// Nats per unit of inner product, in distances between members.
  private static let sharpness = 80.0
  /// Most adapters are trained on foundation models, few on rounded copies: nats for and against.
  private static let prior = 0.7
  /// Share of adapters to which the rule of the members does not apply.
  private static let doubt = 0.1
  /// Log of the excess energy at which an adapter is as likely a stranger's, and the width of that border.
  private static let strangeness = 0.13
  private static let strangenessWidth = 0.05
  /// Cosine above which tables are of one family, whatever their structure; as for `Relatedness`.
  private static let kinCosine = 0.7
  /// Cosine below which a carried table is another network's: those of strangers are at right angles.
  private static let strangeCosine = 0.1
  /// Nats of a proof.
  private static let proof = 12.0

  /// - Parameters:
  ///   - families: family number per model.
  ///   - relations: per model; nil for roots.
  ///   - excluded: models that are not candidates: copies and models with unusable weights.
  ///   - isForbidden: edges that must not be.
  package func verdicts(
    families: [Int], relations: [Relation?], excluded: Set<Int>,
    isForbidden: (_ parent: Int, _ child: Int) -> Bool = { _, _ in false }
  ) -> [AdapterVerdict] {
    let priors = relations.map { relation in
      relation == nil ? Self.prior : relation == .quantized ? -Self.prior : 0
    }
    return adapters.indices.map { place in
      let younger = (0..<n).filter { isForbidden($0, adapters[place]) }
      return verdict(place, families, priors, excluded.union(adapters).union(younger))
    }
  }

  private func verdict(_ place: Int, _ families: [Int], _ priors: [Double], _ excluded: Set<Int>) -> AdapterVerdict {
    let traces = traces[place]
    let candidates = (0..<n).filter {
      !excluded.contains($0) && traces.updates > 0 && traces.shared[$0] == traces.updates
        && traces.along[$0].isFinite
    }
    let proofs = proofs(traces, candidates)
    if candidates.isEmpty || traces.squares == 0 && !proofs.values.contains(where: { $0 >= Self.proof }) {
      return AdapterVerdict(
        adapter: adapters[place], base: nil, absence: candidates.isEmpty ? .incomparable : .untrained, support: 1,
        rank: traces.rank, distance: 0)
    }
    // The logits of each candidate, and of none of them.
    var logits: [(model: Int, value: Double, temperature: Double)] = []
    for members in Dictionary(grouping: candidates, by: { families[$0] }).values {
      let (excess, error) = excess(traces, members)
      let temperature = (Self.strangenessWidth * Self.strangenessWidth + error * error).squareRoot()
      let shares = shares(traces, members, priors)
      for (member, share) in zip(members, shares) {
        logits.append(
          (member, excess / temperature + log(max(share, 1e-12)) + (proofs[member] ?? 0), temperature))
      }
    }
    logits.sort { ($1.value, $0.model) < ($0.value, $1.model) }
    // On the scale of the family that fits best, since families come in no particular order.
    let none = Self.strangeness / (logits.first?.temperature ?? Self.strangenessWidth)
    let top = max(none, logits.first?.value ?? none)
    let weights = logits.map { exp($0.value - top) }
    let total = weights.reduce(exp(none - top), +)
    guard let best = logits.first, weights.reduce(0, +) >= exp(none - top) else {
      return AdapterVerdict(
        adapter: adapters[place], base: nil, absence: .strange, support: exp(none - top) / total, rank: traces.rank,
        distance: 0)
    }
    let distance =
      metric == .auto ? traces.distance[best.model] / Double(max(1, linear)) : traces.squares.squareRoot()
    return AdapterVerdict(
      adapter: adapters[place], base: best.model, support: weights[0] / total, rank: traces.rank,
      distance: distance)
  }

  /// Median over the members of the mean log excess energy, and its standard error.
  private func excess(_ traces: AdapterTraces, _ members: [Int]) -> (Double, Double) {
    guard traces.spaces > 1 else { return (0, 1) }
    let count = Double(traces.spaces)
    let ordered = members.sorted { (traces.excess[$0], $0) < (traces.excess[$1], $1) }
    let middle = ordered[ordered.count / 2]
    let mean = traces.excess[middle] / count
    let variance = max(0, traces.excessSquares[middle] / count - mean * mean)
    return (mean, (variance / (count - 1)).squareRoot())
  }

  /// Probability of each member of a family, if the base is among them.
  private func shares(_ traces: AdapterTraces, _ members: [Int], _ priors: [Double]) -> [Double] {
    var gaps: [Double] = []
    for (a, i) in members.enumerated() {
      for j in members[..<a] { gaps.append(scaledSquares[traces.group][i, j]) }
    }
    gaps.sort()
    let unit = gaps.isEmpty ? 0 : gaps[gaps.count / 2].squareRoot()
    let least = members.map { traces.scaled[$0] }.min() ?? 0
    let weights = members.map { member -> Double in
      let above = unit > 0 ? (traces.scaled[member] - least) / unit : 0
      return exp(-Self.sharpness * above + priors[member])
    }
    let total = weights.reduce(0, +)
    return weights.map { (1 - Self.doubt) * $0 / total + Self.doubt / Double(members.count) }
  }

  /// Nats in favor of candidates for which there is more than traces.
  private func proofs(_ traces: AdapterTraces, _ candidates: [Int]) -> [Int: Double] {
    var nats: [Int: Double] = [:]
    let squares = squares[traces.group]
    // Some member is this one plus the change.
    for base in candidates {
      let isProven = candidates.contains { merged in
        guard merged != base, traces.squares > 0, traces.sampled > 0 else { return false }
        let along = (traces.along[merged] - traces.along[base]) / traces.sampled
        return abs(squares[base, merged] / traces.squares - 1) < 0.05 && abs(along - 1) < 0.05
      }
      if isProven { nats[base, default: 0] += Self.proof }
    }
    // Weights that the adapter carries: those that point where the model's do are of its family, those at right angles to
    // them are not; equal ones are a proof; if they were trained, the nearest are likelier.
    let most = candidates.map { traces.equal[$0] }.max() ?? 0
    let least = candidates.map { traces.replaced[$0] }.min() ?? 0
    for model in candidates {
      if traces.inner[model] > Self.kinCosine * traces.lengths[model] { nats[model, default: 0] += Self.proof }
      if traces.lengths[model] > 0, traces.inner[model] < Self.strangeCosine * traces.lengths[model] {
        nats[model, default: 0] -= Self.proof
      }
      if most > 0, traces.equal[model] == most { nats[model, default: 0] += Self.proof }
      if least > 0 { nats[model, default: 0] -= min(Self.proof, 10 * (traces.replaced[model] / least - 1)) }
    }
    return nats
  }
}
