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

  private static func matches(_ name: String, _ words: [Word]) -> Bool {
    let name = Array(name.utf8)
    return words.contains { $0.isIn(name) }
  }

  /// A name has a word when one of its dot-separated parts is the word, or holds it if the word is
  /// marked as a fragment by a leading `*`.
  private struct Word: ExpressibleByStringLiteral {
    private let letters: [UInt8]
    private let isFragment: Bool

    init(stringLiteral text: String) {
      isFragment = text.hasPrefix("*")
      letters = Array(text.utf8.dropFirst(isFragment ? 1 : 0))
    }

    func isIn(_ name: [UInt8]) -> Bool {
      guard name.count >= letters.count else { return false }
      return (0...name.count - letters.count).contains { start in
        guard name[start] == letters[0], isFragment || start == 0 || name[start - 1] == Self.dot else { return false }
        let end = start + letters.count
        return name[start..<end].elementsEqual(letters)
          && (isFragment || end == name.count || name[end] == Self.dot)
      }
    }

    private static let dot = UInt8(ascii: ".")
  }

  /// Fewer rows or columns are no matrix to speak of.
  private static let thinnest = 8

  private static let embeddingWords: [Word] = [
    "*embed", "wte", "wpe", "shared", "*relative_attention_bias", "*position_bias",
  ]
  /// Linear maps inside blocks that are called embeddings: time steps. Image patches are read in by
  /// a table of their own kind, whose training follows the images more than the task.
  private static let mapWords: [Word] = ["linear_1", "linear_2", "dense"]
  private static let tokenWords: [Word] = [
    "*embed_tokens", "*word_embeddings", "*tok_embeddings", "*token_embedding", "*embed_in", "wte", "shared",
  ]
  private static let headWords: [Word] = [
    "*lm_head", "classifier", "classification_head", "pooler", "head", "*qa_outputs", "score",
    "cls", "output_layer", "logits",
  ]
}
