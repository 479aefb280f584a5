/// What a tensor does in its network.
///
/// Linear maps carry the traces of training that the lineage rules read. Embeddings and output
/// heads depend on the vocabulary and the task, and vectors are too small, so all of them stay out of the default
/// distance and direction.
package enum TensorRole: String, Sendable, Codable, CaseIterable {
  /// A linear map or convolution inside the network.
  case linear
  /// A table with one row per token, position or type.
  case embedding
  /// An output layer: language-model head, classifier, pooler.
  case head
  /// A bias, a scale, a scalar, a single token; a matrix too thin to have a spectrum.
  case vector

  /// The role of a tensor of this shape in a part of the network.
  package init(_ part: NetworkPart, shape: TensorShape) {
    guard min(shape.rows, shape.columns) >= Self.thinnest else {
      self = .vector
      return
    }
    switch part {
    case .body: self = .linear
    case .tokens, .table: self = .embedding
    case .head: self = .head
    case .constant: self = .vector
    }
  }

  /// A matrix with fewer rows or columns has no spectrum worth speaking of.
  private static let thinnest = 8
}
