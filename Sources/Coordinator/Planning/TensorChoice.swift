internal import Core
internal import Naming

/// What the shards of each compared tensor compute, and how much of it is kept.
enum TensorChoice {
  /// - Parameters:
  ///   - matching: of all models.
  ///   - models: how many there are.
  ///   - statistics: what the run asks for.
  /// - Returns: the tensors that are compared, in the order of the matching.
  static func planned(_ matching: TensorMatching, models: Int, _ statistics: Statistics) -> [PlannedTensor] {
    var tensors = matching.matches.filter(\.isShared).map { tensor($0, statistics) }
    let linear = tensors.indices.filter { tensors[$0].role == .linear }
    let choice = SpectrumGrid.choice(linear.map { tensors[$0].shape }, models: models)
    for (number, index) in linear.enumerated() {
      let tensor = tensors[index]
      if number % SampleGrid.every(linearTensors: linear.count) == 0 {
        tensors[index].samples = SampleGrid.count(
          linearTensors: linear.count, models: tensor.copies.count, shape: tensor.shape)
      }
      guard number % choice.every == 0 else { continue }
      tensors[index].spectrum = choice.side
      tensors[index].statistics.insert(.spectrum)
    }
    SketchSize.apply(to: &tensors, isWhole: statistics.contains(.square))
    return tensors
  }

  private static func tensor(_ match: TensorMatching.Match, _ asked: Statistics) -> PlannedTensor {
    let (shape, role) = (match.tensor.shape, match.tensor.role)
    var statistics = Self.statistics(asked, shape, role)
    if role == .embedding, shape.rank == 2, shape.columns <= ShardGeometry.target {
      statistics.insert(.shrinkage)
    }
    return PlannedTensor(
      name: match.copies[0].name, shape: shape, firstRow: match.firstRow, role: role, part: match.tensor.networkPart,
      statistics: statistics,
      copies: match.copies, updates: match.updates)
  }

  /// What the shards of a tensor compute, of what the run asks for.
  private static func statistics(_ asked: Statistics, _ shape: TensorShape, _ role: TensorRole) -> Statistics {
    guard !asked.contains(.square) else { return shape.isSquare ? asked.subtracting(.square) : [] }
    return role == .linear ? asked : asked.subtracting(.sketch)
  }
}
