/// What a tensor does in its network, as far as its name and rank tell.
///
/// Linear maps carry the traces of training that the lineage rules read. Embeddings and output
/// heads follow the vocabulary and the task, vectors are too small, so both stay out of the
/// default distance and direction.
public enum TensorRole: String, Sendable, Codable, CaseIterable {
  /// A linear map or convolution inside the network.
  case linear
  /// A table with one row per token, position or type.
  case embedding
  /// An output layer: language-model head, classifier, pooler.
  case head
  /// A bias, a scale, a scalar, a token of its own; a matrix too thin to have a spectrum.
  case vector

  public init(name: String, shape: TensorShape) {
    let name = name.lowercased()
    if min(shape.rows, shape.columns) < Self.thinnest {
      self = .vector
    } else if Self.matches(name, Self.embeddingWords), !Self.matches(name, Self.mapWords) {
      self = .embedding
    } else if Self.matches(name, Self.headWords) {
      self = .head
    } else {
      self = .linear
    }
  }

  /// Does the name belong to an output layer, whatever the rank?
  public static func isHead(_ name: String) -> Bool { matches(name.lowercased(), headWords) }

  /// Is it a table with one row per token, as far as its name tells?
  public static func isTokenTable(_ name: String) -> Bool { matches(name.lowercased(), tokenWords) }

  /// A name matches a word when one of its dot-separated parts is the word, or holds it if the
  /// word is marked as a fragment by a leading `*`.
  private static func matches(_ name: String, _ words: [String]) -> Bool {
    let parts = name.split(separator: ".")
    return words.contains { word in
      word.hasPrefix("*") ? name.contains(word.dropFirst()) : parts.contains { $0 == word }
    }
  }

  /// Fewer rows or columns are no matrix to speak of.
  private static let thinnest = 8

  private static let embeddingWords = [
    "*embed", "wte", "wpe", "shared", "*relative_attention_bias", "*position_bias",
  ]
  /// Linear maps inside blocks that are called embeddings: time steps. Image patches are read in by
  /// a table of their own kind, whose training follows the images more than the task.
  private static let mapWords = ["linear_1", "linear_2", "dense"]
  private static let tokenWords = [
    "*embed_tokens", "*word_embeddings", "*tok_embeddings", "*token_embedding", "*embed_in", "wte", "shared",
  ]
  private static let headWords = [
    "*lm_head", "classifier", "classification_head", "pooler", "head", "*qa_outputs", "score",
    "cls", "output_layer", "logits",
  ]
}
