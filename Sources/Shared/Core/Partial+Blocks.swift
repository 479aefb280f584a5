extension Partial {
  /// Takes over what a block of the models says, as if they had been compared together with all others: the sums of
  /// pairs that no block before had, and what there is of models that none had.
  ///
  /// - Parameters:
  ///   - block: of the same tensor and statistics, all of its coordinates added up.
  ///   - places: of the block's models among those of this one, ascending.
  ///   - hasPair, hasModel: what blocks before had, by position; what this one brings is added.
  package mutating func adopt(
    _ block: Partial, at places: [Int], hasPair: inout [Bool], hasModel: inout [Bool]
  ) {
    precondition(block.models == places.count && places.allSatisfy((0..<models).contains), "nowhere to put a block")
    precondition(block.samples.map(\.shape) == samples.map(\.shape), "a block with other samples")
    let pairs = PairIndex(models)
    PairIndex(block.models).forEach { q, a, b in
      let p = pairs(places[a], places[b])
      guard !hasPair[p] else { return }
      hasPair[p] = true
      l2[p] = block.l2[q]
      if !l1.isEmpty { l1[p] = block.l1[q] }
      if !max.isEmpty { max[p] = block.max[q] }
      if !lowest.isEmpty { (lowest[p], highest[p]) = (block.lowest[q], block.highest[q]) }
      guard !collinearRows.isEmpty else { return }
      collinearRows[p] = block.collinearRows[q]
      logShrinkage[p] = block.logShrinkage[q]
    }
    for (own, place) in places.enumerated() where !hasModel[place] {
      hasModel[place] = true
      moments[place] = block.moments[own]
      for band in 0..<(bands.isEmpty ? 0 : SpectrumGrid.bands) {
        bands[place * SpectrumGrid.bands + band] = block.bands[own * SpectrumGrid.bands + band]
      }
      for number in samples.indices {
        let count = samples[number].shape.count
        samples[number].values.replaceSubrange(
          place * count..<(place + 1) * count, with: block.samples[number].values(of: own))
      }
      if let added = block.sketch { sketch?.replace(place, with: added.values(of: own)) }
    }
  }
}
