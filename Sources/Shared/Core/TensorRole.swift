/// What a tensor does in its network, judged by its name and rank.
///
/// Linear maps carry the traces of training that the lineage rules read. Embeddings and output
/// heads depend on the vocabulary and the task, and vectors are too small, so all of them stay out of the default
/// distance and direction.
public enum TensorRole: String, Sendable, Codable, CaseIterable {
  /// A linear map or convolution inside the network.
  case linear
  /// A table with one row per token, position or type.
  case embedding
  /// An output layer: language-model head, classifier, pooler.
  case head
  /// A bias, a scale, a scalar, a single token; a matrix too thin to have a spectrum.
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

  /// Whether the name belongs to an output layer, whatever the rank.
  public static func isHead(_ name: String) -> Bool { matches(name.lowercased(), headWords) }

  /// Whether the name belongs to a table with one row per token.
  public static func isTokenTable(_ name: String) -> Bool { matches(name.lowercased(), tokenWords) }

  private static func matches(_ name: String, _ words: [Word]) -> Bool {
    let name = Array(name.utf8)
    return words.contains { $0.isIn(name) }
  }

  /// A word matches a name when it equals one of the name's dot-separated parts. A leading `*` marks a fragment, which
  /// also matches within or across parts.
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

  /// With fewer rows or columns, a tensor does not count as a matrix.
  private static let thinnest = 8

  private static let embeddingWords: [Word] = [
    "*embed", "wte", "wpe", "shared", "*relative_attention_bias", "*position_bias",
  ]
  /// Linear maps inside blocks whose names contain "embed", such as those for time steps. Image patches enter through a
  /// table of a different kind, whose training depends on the images more than on the task.
  private static let mapWords: [Word] = ["linear_1", "linear_2", "dense"]
  private static let tokenWords: [Word] = [
    "*embed_tokens", "*word_embeddings", "*tok_embeddings", "*token_embedding", "*embed_in", "wte", "shared",
  ]
  private static let headWords: [Word] = [
    "*lm_head", "classifier", "classification_head", "pooler", "head", "*qa_outputs", "score",
    "cls", "output_layer", "logits",
  ]
}
