/// What the samples hold of one adapter; everything per model is by model number.
struct AdapterTraces: Sendable {
  /// Changes that the adapter makes, those of unknown tensors included.
  let updates: Int
  /// Adapters of one group change the same tensors.
  let group: Int
  /// Largest of any change.
  var rank = 0
  /// Per model: tensors that it has among those that the adapter changes.
  var shared: [Int]
  /// Per model: inner products of weights and change, as they are.
  var along: [Double]
  /// The same with each submatrix scaled by the sizes of the change and of the models.
  var scaled: [Double]
  /// Per model: log of the energy in the spaces of the change, over what chance would put there; sums over submatrices
  /// of it and of its square.
  var excess: [Double]
  var excessSquares: [Double]
  /// Submatrices in those two sums.
  var spaces = 0
  /// Squares of the change: of the sampled weights, of all weights.
  var sampled = 0.0
  var squares = 0.0
  /// Per model: sum over tensors of the change's relative size times its effective rank.
  var distance: [Double]
  /// Of weights that the adapter replaces whole: tensors that are equal, squared distances, and inner products with the
  /// model's and products of lengths of the centered weights.
  var equal: [Int]
  var replaced: [Double]
  var inner: [Double]
  var lengths: [Double]

  init(updates: Int, group: Int, models n: Int) {
    self.updates = updates
    self.group = group
    shared = Array(repeating: 0, count: n)
    along = Array(repeating: 0, count: n)
    scaled = along
    excess = along
    excessSquares = along
    distance = along
    equal = shared
    replaced = along
    inner = along
    lengths = along
  }
}
