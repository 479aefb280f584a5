internal import Core

extension CoordinatorMessage.Assignment {
  /// Models that one shard compares.
  package static let mostModels = 1 << 16

  /// What makes the shard impossible to compute, whatever the stores hold; nil for one that can be tried.
  ///
  /// A worker computes with these numbers before it has seen a single weight. Within these limits no product of them
  /// leaves `Int`: the largest, the sums of a sketch of a whole tensor, stays below 2^62 bytes.
  package var flaw: String? {
    let weights = shape.elements
    guard 0...ShardGeometry.mostWeights ~= weights else { return "a shape of \(weights) weights" }
    guard 0...ShardGeometry.mostWeights ~= firstRow else { return "rows from \(firstRow) on" }
    guard 0 <= start, start < end, end <= weights else {
      return "weights \(start)..<\(end) of a tensor of shape \(shape)"
    }
    guard 0...SampleGrid.most ~= samples else { return "\(samples) submatrices of samples" }
    guard 0...SpectrumGrid.largestSide ~= spectrum else { return "a spectrum of \(spectrum) columns" }
    if let sketch {
      guard 1...max(1, shape.rows) ~= sketch.rows, 1...max(1, shape.columns) ~= sketch.columns else {
        return "a sketch of \(sketch.rows) x \(sketch.columns) of a tensor of shape \(shape)"
      }
    }
    if let part, part.pieces > 1 {
      guard shape.rank >= 2, (end - start) / max(1, shape.columns) >= part.pieces else {
        return "\(part.pieces) pieces of \(end - start) weights of a tensor of shape \(shape)"
      }
      guard sketch == nil else { return "a sketch of part of a shard" }
    }
    let models = sources.flatMap(\.models)
    guard 1...Self.mostModels ~= models.count else { return "\(models.count) models" }
    guard Set(models).count == models.count else { return "a model twice" }
    return nil
  }
}
