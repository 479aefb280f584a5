internal import Alignment
internal import Checkpoints
internal import Core
internal import Storage
internal import Spectra
internal import System

/// The weights of a chain of maps, read one tensor at a time.
struct ChainWeights {
  let model: ModelRecord
  let layout: ChainLayout

  /// - Returns: nil for what is not a chain whose every tensor is understood.
  init?(_ model: ModelRecord, _ map: AlignmentMap) {
    guard let layout = ChainLayout(model, map) else { return nil }
    self.model = model
    self.layout = layout
  }

  /// Bytes that fitting and restoring take at most, beside small things: a few of the largest matrices as doubles.
  var bytes: Int {
    let largest = layout.steps.map { step in
      max(model.tensors[step.weight].shape.elements, step.outputs * step.outputs)
    }
    return 8 * 8 * (largest.max() ?? 0)
  }

  /// The weights of a step, outputs x everything else.
  func matrix(_ step: Int) throws(Failure) -> Matrix {
    let tensor = model.tensors[layout.steps[step].weight]
    let rows = layout.steps[step].outputs
    return Matrix(rows: rows, columns: tensor.shape.elements / rows, try tensor.values().map(Double.init))
  }

  /// What each unit of the first step reads, in rows of length 1.
  func firstRows() throws(Failure) -> Matrix { try matrix(0).withUnitRows }

  /// A number for each output of a step; nil where it has no such vector.
  func vector(_ use: ChainLayout.Use, _ step: Int) throws(Failure) -> [Double]? {
    guard let known = layout.steps[step].vectors.first(where: { $0.use == use }) else { return nil }
    return try model.tensors[known.number].values().map(Double.init)
  }
}
