internal import Core

extension Partial {
  /// What no honest computation could yield, however odd the weights; of the sums alone, samples are
  /// looked at where they lie (`PartialCodec.impossibility`).
  ///
  /// Sums of finite weights may overflow to infinity; they cannot become NaN or negative, and every
  /// weight is counted once.
  ///
  /// - Parameters:
  ///   - coordinates: of the shard.
  ///   - columns: of the tensor.
  /// - Returns: the first thing that cannot be, or nil.
  func impossibility(coordinates: Int, columns: Int) -> String? {
    for (model, m) in moments.enumerated() {
      guard m.count == Double(coordinates) else {
        return "\(m.count) weights of model \(model) in a shard of \(coordinates)"
      }
      guard m.zeros <= UInt64(coordinates), m.notFinite <= UInt64(coordinates) - m.zeros else {
        return "\(m.zeros) zeros and \(m.notFinite) NaN or infinite of \(coordinates) weights"
      }
      guard m.notFinite > 0 || m.minimum <= m.maximum else {
        return "a smallest weight of \(m.minimum) and a largest of \(m.maximum)"
      }
    }
    let rows = columns > 0 ? Double(coordinates / columns + 1) : 0
    let isFinite = moments.map { $0.notFinite == 0 }
    var found: String?
    PairIndex(models).forEach { p, i, j in
      guard found == nil, isFinite[i], isFinite[j] else { return }
      let isOdd =
        !(l2[p] >= 0) || !l1.isEmpty && !(l1[p] >= 0) || !max.isEmpty && !(max[p] >= 0)
        || !collinearRows.isEmpty && (!(0...rows).contains(collinearRows[p]) || logShrinkage[p].isNaN)
      if isOdd { found = oddity(p, i, j, rows: rows) }
    }
    if let found { return found }
    for (model, m) in moments.enumerated() where isFinite[model] && !bands.isEmpty {
      // Fourth powers of weights below that bound stay inside the range of a float.
      guard m.minimum > -1e9, m.maximum < 1e9 else { continue }
      let own = bands[model * SpectrumGrid.bands..<(model + 1) * SpectrumGrid.bands]
      if let odd = own.first(where: { !($0 >= 0) || $0.isInfinite }) {
        return "an energy of \(odd) in the spectrum of model \(model)"
      }
    }
    return nil
  }

  /// What is wrong with the sums of a pair of which something is.
  private func oddity(_ p: Int, _ i: Int, _ j: Int, rows: Double) -> String {
    for (name, array) in [("squared distance", l2), ("distance", l1), ("largest difference", max)]
    where !array.isEmpty && !(array[p] >= 0) {
      return "a \(name) of \(array[p]) between models \(i) and \(j)"
    }
    return "\(collinearRows[p]) collinear rows of \(rows) with a shrinkage of \(logShrinkage[p])"
  }
}
