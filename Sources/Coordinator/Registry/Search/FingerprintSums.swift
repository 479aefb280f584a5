package import Core
package import Fingerprints
internal import Kernels

/// The sums that the lineage rules read, of models of which only fingerprints are at hand.
///
/// Every tensor stands for its sample: angles between two models are those of their samples. Lengths, means and higher
/// moments are those of all weights, scaled to the size of the sample, since they are known exactly.
package enum FingerprintSums {
  /// Squared distance over the sum of squares of two tensors whose samples are equal and whose weights are not.
  private static let unseen = 1e-10
  /// A submatrix with fewer rows or columns shows nothing of ranks.
  private static let smallestBlock = 8

  /// - Returns: the canonical tensors that at least two of the models have, those of linear maps first.
  package static func of(_ models: [ModelFingerprint]) -> [TensorSums] {
    of(models.map { model in model.tensors }, models: Array(models.indices))
  }

  private static func of(_ tensors: [[FingerprintTensor]], models: [Int]) -> [TensorSums] {
    var all: [TensorSums] = []
    each(tensors, models: models) { all.append($0) }
    return all.filter { $0.role == .linear } + all.filter { $0.role != .linear }
  }

  /// The canonical tensors that at least two of the models have, one in memory at a time.
  ///
  /// - Parameters:
  ///   - tensors: of each model.
  ///   - models: their numbers, ascending.
  static func each(_ tensors: [[FingerprintTensor]], models: [Int], _ body: (TensorSums) -> Void) {
    var order: [UInt64] = []
    var groups: [UInt64: [(model: Int, tensor: FingerprintTensor)]] = [:]
    for (model, own) in zip(models, tensors) {
      var seen: Set<UInt64> = []
      for tensor in own {
        let key = tensor.key
        guard seen.insert(key).inserted else { continue }
        if groups[key] == nil { order.append(key) }
        groups[key, default: []].append((model, tensor))
      }
    }
    for shared in order.compactMap({ groups[$0] }) where shared.count > 1 {
      if let sums = sums(shared.map(\.tensor), models: shared.map(\.model)) { body(sums) }
    }
  }

  /// - Parameters:
  ///   - tensors: one of each model, all with the same key.
  ///   - models: ascending.
  private static func sums(_ tensors: [FingerprintTensor], models: [Int]) -> TensorSums? {
    guard let block = common(tensors), block.shape.count > 0,
      let shape = TensorShape(
        block.shape.rows == 1 ? [block.shape.columns] : [block.shape.rows, block.shape.columns])
    else { return nil }
    let role = tensors[0].role
    let hasRows = role == .embedding && block.shape.rows > 1
    let accumulator = ShardAccumulator(
      types: tensors.map { _ in .f32 }, collinearity: tensors.map(\.collinearity), columns: block.shape.columns,
      statistics: hasRows ? .shrinkage : [])
    block.values.withUnsafeBytes { values in
      guard let base = values.baseAddress else { return }
      accumulator.add(rows: tensors.indices.map { base + 4 * $0 * block.shape.count }, count: block.shape.count)
    }
    var sums = accumulator.partial
    let sampled = sums.moments.map(\.energy)
    sums.moments = tensors.map { scaled($0.moments, to: Double(block.shape.count)) }
    PairIndex(tensors.count).forEach { pair, a, b in
      sums.l2[pair] = distance(
        sums.l2[pair], sampled: (sampled[a], sampled[b]), whole: (sums.moments[a].energy, sums.moments[b].energy))
      if sums.l2[pair] == 0, tensors[a].content != tensors[b].content {
        sums.l2[pair] = unseen * (sums.moments[a].energy + sums.moments[b].energy)
      }
    }
    if role == .linear, tensors.allSatisfy({ !$0.bands.isEmpty }) { sums.bands = tensors.flatMap(\.bands) }
    if role == .linear, min(block.shape.rows, block.shape.columns) >= smallestBlock { sums.samples = [block] }
    var found = TensorSums(
      name: tensors[0].name, role: role, part: tensors[0].part, shape: shape, models: models, sums: sums)
    found.noise = tensors.map(\.noise)
    return found
  }

  /// A squared distance at the angle of the samples between tensors of the whole ones' lengths.
  private static func distance(
    _ apart: Double, sampled: (Double, Double), whole: (Double, Double)
  ) -> Double {
    let product = (sampled.0 * sampled.1).squareRoot()
    guard product > 0 else { return whole.0 + whole.1 }
    let longer = sampled.0.squareRoot() - sampled.1.squareRoot()
    let angle = max(0, apart - longer * longer) / product
    let difference = whole.0.squareRoot() - whole.1.squareRoot()
    return angle * (whole.0 * whole.1).squareRoot() + difference * difference
  }

  private static func scaled(_ moments: Moments, to count: Double) -> Moments {
    let factor = moments.count > 0 ? count / moments.count : 0
    return Moments(
      count: count, mean: moments.mean, m2: factor * moments.m2, m3: factor * moments.m3, m4: factor * moments.m4,
      minimum: moments.minimum, maximum: moments.maximum,
      zeros: UInt64((factor * Double(moments.zeros)).rounded()), notFinite: 0)
  }

  /// The part of the samples that all have: of matrices the beginning, of tables the rows that all keep.
  private static func common(_ tensors: [FingerprintTensor]) -> SampleBlock? {
    let columns = tensors.map(\.sample.shape.columns).min() ?? 0
    let layouts = tensors[0].isTable ? rows(tensors) : nil
    let count = layouts?[0].count ?? tensors.map(\.sample.shape.rows).min() ?? 0
    let shape = SampleShape(rows: count, columns: columns)
    var values: [Float] = []
    values.reserveCapacity(tensors.count * shape.count)
    for (place, tensor) in tensors.enumerated() {
      let width = tensor.sample.shape.columns
      for row in 0..<count {
        let start = (layouts?[place][row] ?? row) * width
        values += tensor.sample.values[start..<start + columns]
      }
    }
    return SampleBlock(shape: shape, values: values)
  }

  /// Per tensor: which lines of its sample hold the rows that all have; nil where all have the same.
  private static func rows(_ tensors: [FingerprintTensor]) -> [[Int]]? {
    let kinds = Set(tensors.map { "\($0.shape) \($0.sample.shape)" })
    guard kinds.count > 1 else { return nil }
    var lines: [String: [Int: Int]] = [:]
    var all: [Int]?
    for tensor in tensors {
      let kind = "\(tensor.shape) \(tensor.sample.shape)"
      guard lines[kind] == nil else { continue }
      let rows = tensor.layout.rows
      lines[kind] = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
      all = all.map { known in known.filter { lines[kind]?[$0] != nil } } ?? rows
    }
    let common = all ?? []
    return tensors.map { tensor in
      let own = lines["\(tensor.shape) \(tensor.sample.shape)"] ?? [:]
      return common.compactMap { own[$0] }
    }
  }
}
