public import Core
internal import Glibc
package import Graph
internal import Spectra

/// Which model was an adapter trained on?
///
/// The adapter holds no weights of its base, so three traces are looked for in the samples, no weight
/// is read again:
///
/// - The family. Gradients lie in the space of the network's activations, and so do the adapter's rows
///   and columns: the weights of the right family have more energy there than those of strangers.
/// - The member. Training on another task takes back what an earlier training added: seen from the true
///   base, every relative lies in the direction of the change rather than against it. So the base is the
///   member with the least inner product of weights and change.
/// - Proof. A member that is another one plus exactly this change, or weights that the adapter carries
///   unchanged.
///
/// The probabilities were fitted on adapters of small decoders with known bases, see docs/accuracy.md.
public struct AdapterBases {
  /// What was found of one adapter.
  public struct Verdict: Sendable, Equatable {
    public var adapter: Int
    /// nil: none of the models fits.
    public var base: Int?
    /// Probability of the base, or of there being none.
    public var support: Double
    public var rank: Int
    /// From the base.
    public var distance: Double
  }

  /// Nats per unit of inner product, in distances between members.
  private static let sharpness = 80.0
  /// Most adapters are trained on foundation models, few on rounded copies: nats for and against.
  private static let prior = 0.7
  /// Share of adapters that go against the rule.
  private static let doubt = 0.1
  /// Log of the excess energy at which an adapter is as likely a stranger's, and its spread.
  private static let strangeness = 0.13
  private static let spread = 0.05
  /// Nats of a proof.
  private static let proof = 12.0
  /// Submatrices whose spaces are looked at, per adapter.
  private static let mostSpaces = 64

  private struct Sums {
    let updates: Int
    let group: Int
    var rank = 0
    /// Per model: tensors that it has among those that the adapter changes.
    var shared: [Int]
    /// Inner products of weights and change: as they are, and each submatrix scaled.
    var along: [Double]
    var scaled: [Double]
    var excess: [Double]
    var excessSquares: [Double]
    var spaces = 0
    /// Squares of the change: of the samples, of all weights.
    var sampled = 0.0
    var squares = 0.0
    /// Sum over tensors of relative size times spread of the change, per model.
    var distance: [Double]
    /// Of weights that the adapter replaces whole: tensors that are equal, and squared distances.
    var equal: [Int]
    var replaced: [Double]
  }

  private let n: Int
  private let metric: DistanceMetric
  private var places: [Int: Int]
  private let adapters: [Int]
  private var sums: [Sums]
  /// Per group of adapters that change the same tensors: squared distances of the models over these,
  /// as they are, and each submatrix scaled.
  private var squares: [SquareMatrix]
  private var scaledSquares: [SquareMatrix]
  private var linear = 0

  /// - Parameters:
  ///   - models: of the collection, adapters included.
  ///   - targets: per adapter the tensors that it changes, by number.
  ///   - updates: per adapter the changes it makes, those of unknown tensors included.
  public init(models n: Int, metric: DistanceMetric, targets: [Int: [Int]], updates: [Int: Int]) {
    self.n = n
    self.metric = metric
    adapters = updates.keys.sorted()
    places = Dictionary(uniqueKeysWithValues: adapters.enumerated().map { ($1, $0) })
    var groups: [[Int]: Int] = [:]
    sums = adapters.map { adapter in
      let key = targets[adapter] ?? []
      let group = groups[key] ?? groups.count
      groups[key] = group
      let zeros = Array(repeating: 0.0, count: n)
      let counts = Array(repeating: 0, count: n)
      return Sums(
        updates: updates[adapter] ?? 0, group: group, shared: counts, along: zeros, scaled: zeros,
        excess: zeros, excessSquares: zeros, distance: zeros, equal: counts, replaced: zeros)
    }
    squares = Array(repeating: SquareMatrix(n), count: groups.count)
    scaledSquares = squares
  }

  public var isEmpty: Bool { adapters.isEmpty }

  /// - Parameter updates: the changes that adapters make to this tensor.
  public mutating func add(_ tensor: TensorSums, updates: [(adapter: Int, update: LowRankUpdate)]) {
    if tensor.role == .linear { linear += 1 }
    addReplaced(tensor)
    let energies = tensor.sums.moments.map(\.energy)
    let mean = max(energies.reduce(0, +) / Double(max(1, energies.count)), .leastNormalMagnitude)
    var seen: Set<Int> = []
    for (adapter, update) in updates {
      guard let place = places[adapter] else { continue }
      if seen.insert(sums[place].group).inserted {
        addSquares(tensor, sums[place].group, Double(tensor.sums.samples.count) / mean)
      }
      add(tensor, update, energies, to: place)
    }
  }

  private mutating func addSquares(_ tensor: TensorSums, _ group: Int, _ scale: Double) {
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      squares[group].setBoth(i, j, squares[group][i, j] + tensor.sums.l2[p])
      scaledSquares[group].setBoth(i, j, scaledSquares[group][i, j] + scale * tensor.sums.l2[p])
    }
  }

  private mutating func addReplaced(_ tensor: TensorSums) {
    tensor.forEachPair { p, a, b in
      let pair = [(tensor.models[a], tensor.models[b]), (tensor.models[b], tensor.models[a])]
      for (adapter, model) in pair {
        guard let place = places[adapter] else { continue }
        if tensor.sums.l2[p] == 0 { sums[place].equal[model] += 1 }
        sums[place].replaced[model] += tensor.sums.l2[p]
      }
    }
  }

  private mutating func add(
    _ tensor: TensorSums, _ update: LowRankUpdate, _ energies: [Double], to place: Int
  ) {
    let blocks = zip(tensor.sums.samples, tensor.places).map { ($0, update.part($1)) }
    let left = Self.mostSpaces - sums[place].spaces
    let shape = tensor.shape
    let looks = Parallel.map(tensor.models.count) { a in
      blocks.enumerated().map { b, block in block.1.look(block.0.values(of: a), spaces: b < left) }
    }
    let squares = update.squares
    let spread = blocks.first.map { Self.spread($0.1) } ?? 1
    sums[place].rank = max(sums[place].rank, update.rank)
    sums[place].squares += squares
    for (a, model) in tensor.models.enumerated() {
      sums[place].shared[model] += 1
      if energies[a] > 0 {
        sums[place].distance[model] += (squares / energies[a]).squareRoot() * spread
      }
    }
    for (b, (_, part)) in blocks.enumerated() {
      let change = part.squares
      let mean = looks.reduce(0) { $0 + $1[b].energy } / Double(max(1, looks.count))
      guard change > 0, mean > 0, (change * mean).isFinite else { continue }
      sums[place].sampled += change
      for (a, model) in tensor.models.enumerated() {
        let look = looks[a][b]
        sums[place].along[model] += look.along
        sums[place].scaled[model] += look.along / (change * mean).squareRoot()
        guard b < left else { continue }
        // A submatrix shows as small a part of the excess as it is of the matrix.
        let inputs = look.inputs * Double(shape.columns) / Double(part.shape.columns)
        let outputs = look.outputs * Double(shape.rows) / Double(part.shape.rows)
        let excess = log(max(0.2, 1 + inputs)) + log(max(0.2, 1 + outputs))
        sums[place].excess[model] += excess
        sums[place].excessSquares[model] += excess * excess
      }
      if b < left { sums[place].spaces += 1 }
    }
  }

  /// Nuclear over Frobenius norm.
  private static func spread(_ part: LowRankUpdate.Part) -> Double {
    let squares = SingularValues.squares(part.values, shape: part.shape)
    let total = squares.reduce(0, +)
    return total > 0 ? squares.reduce(0) { $0 + $1.squareRoot() } / total.squareRoot() : 1
  }

  /// - Parameters:
  ///   - families: family number per model.
  ///   - relations: per model; nil for roots.
  ///   - excluded: models that are no candidates: copies, models that were set aside.
  ///   - isForbidden: edges that must not be.
  package func verdicts(
    families: [Int], relations: [Relation?], excluded: Set<Int>,
    isForbidden: (_ parent: Int, _ child: Int) -> Bool = { _, _ in false }
  ) -> [Verdict] {
    let priors = relations.map { relation in
      relation == nil ? Self.prior : relation == .quantized ? -Self.prior : 0
    }
    return adapters.indices.map { place in
      let younger = (0..<n).filter { isForbidden($0, adapters[place]) }
      return verdict(place, families, priors, excluded.union(adapters).union(younger))
    }
  }

  private func verdict(_ place: Int, _ families: [Int], _ priors: [Double], _ excluded: Set<Int>) -> Verdict {
    let sums = sums[place]
    let candidates = (0..<n).filter {
      !excluded.contains($0) && sums.updates > 0 && sums.shared[$0] == sums.updates
        && sums.along[$0].isFinite
    }
    let proofs = proofs(sums, candidates)
    // The logits of each candidate, and of none of them.
    var logits: [(model: Int, value: Double, temperature: Double)] = []
    for members in Dictionary(grouping: candidates, by: { families[$0] }).values {
      let (excess, error) = excess(sums, members)
      let temperature = (Self.spread * Self.spread + error * error).squareRoot()
      let shares = shares(sums, members, priors)
      for (member, share) in zip(members, shares) {
        logits.append(
          (member, excess / temperature + log(max(share, 1e-12)) + (proofs[member] ?? 0), temperature))
      }
    }
    logits.sort { ($1.value, $0.model) < ($0.value, $1.model) }
    // On the scale of the family that fits best: families come in no order.
    let none = Self.strangeness / (logits.first?.temperature ?? Self.spread)
    let top = max(none, logits.first?.value ?? none)
    let weights = logits.map { exp($0.value - top) }
    let total = weights.reduce(exp(none - top), +)
    guard let best = logits.first, weights.reduce(0, +) >= exp(none - top) else {
      return Verdict(
        adapter: adapters[place], base: nil, support: exp(none - top) / total, rank: sums.rank, distance: 0)
    }
    let distance =
      metric == .auto ? sums.distance[best.model] / Double(max(1, linear)) : sums.squares.squareRoot()
    return Verdict(
      adapter: adapters[place], base: best.model, support: weights[0] / total, rank: sums.rank,
      distance: distance)
  }

  /// Median over the members of the mean log excess energy, and its standard error.
  private func excess(_ sums: Sums, _ members: [Int]) -> (Double, Double) {
    guard sums.spaces > 1 else { return (0, 1) }
    let count = Double(sums.spaces)
    let ordered = members.sorted { (sums.excess[$0], $0) < (sums.excess[$1], $1) }
    let middle = ordered[ordered.count / 2]
    let mean = sums.excess[middle] / count
    let variance = max(0, sums.excessSquares[middle] / count - mean * mean)
    return (mean, (variance / (count - 1)).squareRoot())
  }

  /// Probability of each member of a family, if the base is among them.
  private func shares(_ sums: Sums, _ members: [Int], _ priors: [Double]) -> [Double] {
    var gaps: [Double] = []
    for (a, i) in members.enumerated() {
      for j in members[..<a] { gaps.append(scaledSquares[sums.group][i, j]) }
    }
    gaps.sort()
    let unit = gaps.isEmpty ? 0 : gaps[gaps.count / 2].squareRoot()
    let least = members.map { sums.scaled[$0] }.min() ?? 0
    let weights = members.map { member -> Double in
      let above = unit > 0 ? (sums.scaled[member] - least) / unit : 0
      return exp(-Self.sharpness * above + priors[member])
    }
    let total = weights.reduce(0, +)
    return weights.map { (1 - Self.doubt) * $0 / total + Self.doubt / Double(members.count) }
  }

  /// Nats in favour of candidates for which there is more than traces.
  private func proofs(_ sums: Sums, _ candidates: [Int]) -> [Int: Double] {
    var nats: [Int: Double] = [:]
    let squares = squares[sums.group]
    // Some member is this one plus the change.
    for base in candidates {
      let isProven = candidates.contains { merged in
        guard merged != base, sums.squares > 0, sums.sampled > 0 else { return false }
        let along = (sums.along[merged] - sums.along[base]) / sums.sampled
        return abs(squares[base, merged] / sums.squares - 1) < 0.05 && abs(along - 1) < 0.05
      }
      if isProven { nats[base, default: 0] += Self.proof }
    }
    // Weights that the adapter carries: equal ones prove, of trained ones the nearest are likelier.
    let most = candidates.map { sums.equal[$0] }.max() ?? 0
    let least = candidates.map { sums.replaced[$0] }.min() ?? 0
    for model in candidates {
      if most > 0, sums.equal[model] == most { nats[model, default: 0] += Self.proof }
      if least > 0 { nats[model, default: 0] -= min(Self.proof, 10 * (sums.replaced[model] / least - 1)) }
    }
    return nats
  }
}
