extension Partial {
  /// The sums of some of the models.
  ///
  /// They are bit for bit what these models alone would have given, provided that both selections have a model in F64
  /// or neither does: the sums of a pair do not depend on other models, and the places of samples not on their number.
  ///
  /// - Parameters:
  ///   - places: positions of the models to keep, ascending.
  ///   - count: how many submatrices to keep, counted from the first.
  package func selecting(_ places: [Int], samples count: Int) -> Partial {
    precondition(count <= samples.count && places.allSatisfy((0..<models).contains), "nothing to select from")
    var schema = schema
    (schema.models, schema.samples) = (places.count, Array(schema.samples.prefix(count)))
    var part = Partial(schema)
    let pairs = PairIndex(models)
    PairIndex(places.count).forEach { p, a, b in
      let q = pairs(places[a], places[b])
      part.l2[p] = l2[q]
      if !l1.isEmpty { part.l1[p] = l1[q] }
      if !max.isEmpty { part.max[p] = max[q] }
      if !lowest.isEmpty { (part.lowest[p], part.highest[p]) = (lowest[q], highest[q]) }
      guard !collinearRows.isEmpty else { return }
      part.collinearRows[p] = collinearRows[q]
      part.logShrinkage[p] = logShrinkage[q]
    }
    part.moments = places.map { moments[$0] }
    if !bands.isEmpty {
      part.bands = places.flatMap { bands[$0 * SpectrumGrid.bands..<($0 + 1) * SpectrumGrid.bands] }
    }
    for block in part.samples.indices {
      part.samples[block].values = places.flatMap { samples[block].values(of: $0) }
    }
    part.sketch = sketch?.selecting(places)
    return part
  }
}
