package import Core
internal import Glibc
internal import Spectra

/// Which model was an adapter trained on?
///
/// An adapter holds no weights of its base, so three traces are searched for in the samples; no weight is read
/// again:
///
/// - The family. Gradients lie in the space of the network's activations, and so do the adapter's rows
///   and columns: the weights of the right family have more energy there than those of strangers.
/// - The member. Training on another task takes back what an earlier training added: seen from the true
///   base, every relative lies in the direction of the change rather than against it. So the base is the
///   member with the least inner product of weights and change.
/// - Proof. A member that is another one plus exactly this change, or weights that the adapter carries
///   unchanged.
package struct AdapterBases: Sendable {
  /// Submatrices per adapter whose row and column spaces are compared.
  private static let mostSpaces = 64

  let n: Int
  let metric: DistanceMetric
  /// Model numbers, ascending; `traces` are in this order.
  let adapters: [Int]
  private(set) var traces: [AdapterTraces]
  /// Per group of adapters that change the same tensors: n x n squared distances of the models over these tensors.
  private(set) var squares: [SquareMatrix]
  /// The same with each submatrix scaled by the mean energy of the models.
  private(set) var scaledSquares: [SquareMatrix]
  /// Linear maps that were added.
  private(set) var linear = 0
  private let places: [Int: Int]

  /// - Parameters:
  ///   - n: models of the collection, adapters included.
  ///   - metric: that the families were made by.
  ///   - targets: per adapter the tensors that it changes, by number.
  ///   - updates: per adapter how many changes it makes, those of unknown tensors included.
  package init(models n: Int, metric: DistanceMetric, targets: [Int: [Int]], updates: [Int: Int]) {
    self.n = n
    self.metric = metric
    adapters = updates.keys.sorted()
    places = Dictionary(uniqueKeysWithValues: adapters.enumerated().map { ($1, $0) })
    var groups: [[Int]: Int] = [:]
    traces = adapters.map { adapter in
      let key = targets[adapter] ?? []
      let group = groups[key] ?? groups.count
      groups[key] = group
      return AdapterTraces(updates: updates[adapter] ?? 0, group: group, models: n)
    }
    squares = Array(repeating: SquareMatrix(n), count: groups.count)
    scaledSquares = squares
  }

  /// - Parameter updates: the changes that adapters make to this tensor.
  package mutating func add(_ tensor: TensorSums, updates: [(adapter: Int, update: LowRankUpdate)]) {
    guard !adapters.isEmpty else { return }
    if tensor.role == .linear { linear += 1 }
    addReplaced(tensor)
    let energies = tensor.sums.moments.map(\.energy)
    let mean = max(energies.reduce(0, +) / Double(max(1, energies.count)), .leastNormalMagnitude)
    var seen: Set<Int> = []
    for (adapter, update) in updates {
      guard let place = places[adapter] else { continue }
      if seen.insert(traces[place].group).inserted {
        addSquares(tensor, traces[place].group, Double(tensor.sums.samples.count) / mean)
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
        if tensor.sums.l2[p] == 0 { traces[place].equal[model] += 1 }
        traces[place].replaced[model] += tensor.sums.l2[p]
        let (first, second) = (tensor.sums.moments[a], tensor.sums.moments[b])
        let shift = first.mean - second.mean
        let centered = max(0, tensor.sums.l2[p] - first.count * shift * shift)
        traces[place].inner[model] += (first.m2 + second.m2 - centered) / 2
        traces[place].lengths[model] += (first.m2 * second.m2).squareRoot()
      }
    }
  }

  private mutating func add(
    _ tensor: TensorSums, _ update: LowRankUpdate, _ energies: [Double], to place: Int
  ) {
    let blocks = zip(tensor.sums.samples, tensor.places).map { ($0, update.part($1)) }
    let left = Self.mostSpaces - traces[place].spaces
    let shape = tensor.shape
    let overlaps = Parallel.map(tensor.models.count) { a in
      blocks.enumerated().map { b, block in block.1.overlap(with: block.0.values(of: a), spaces: b < left) }
    }
    let squares = update.squares
    let effectiveRank = blocks.first.map { Self.effectiveRank($0.1) } ?? 1
    traces[place].rank = max(traces[place].rank, update.rank)
    traces[place].squares += squares
    for (a, model) in tensor.models.enumerated() {
      traces[place].shared[model] += 1
      if energies[a] > 0 {
        traces[place].distance[model] += (squares / energies[a]).squareRoot() * effectiveRank
      }
    }
    for (b, (_, part)) in blocks.enumerated() {
      let change = part.squares
      let mean = overlaps.reduce(0) { $0 + $1[b].energy } / Double(max(1, overlaps.count))
      guard change > 0, mean > 0, (change * mean).isFinite else { continue }
      traces[place].sampled += change
      for (a, model) in tensor.models.enumerated() {
        let overlap = overlaps[a][b]
        traces[place].along[model] += overlap.along
        traces[place].scaled[model] += overlap.along / (change * mean).squareRoot()
        guard b < left else { continue }
        // A submatrix shows as small a part of the excess as it is of the matrix.
        let inputs = overlap.inputs * Double(shape.columns) / Double(part.shape.columns)
        let outputs = overlap.outputs * Double(shape.rows) / Double(part.shape.rows)
        let excess = log(max(0.2, 1 + inputs)) + log(max(0.2, 1 + outputs))
        traces[place].excess[model] += excess
        traces[place].excessSquares[model] += excess * excess
      }
      if b < left { traces[place].spaces += 1 }
    }
  }

  /// Nuclear over Frobenius norm; 1 where nothing changes.
  private static func effectiveRank(_ part: LowRankUpdate.Part) -> Double {
    let squares = SingularValues.squares(part.values, shape: part.shape)
    let total = squares.reduce(0, +)
    return total > 0 ? squares.reduce(0) { $0 + $1.squareRoot() } / total.squareRoot() : 1
  }
}
