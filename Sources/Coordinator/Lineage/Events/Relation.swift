/// How a model came from its parent.
public enum Relation: Sendable, Hashable {
  /// Further training of all or most directions.
  case finetune
  /// Every changed linear map differs by few directions: a low-rank update, merged into the weights.
  /// The rank is the largest of any tensor, as far as rounding lets it be seen.
  case lora(rank: Int)
  /// A low-rank update that is kept apart from the weights of its base.
  case adapter(rank: Int)
  /// The parent, rounded to a coarser grid.
  case quantized
  /// The same weights, bit for bit.
  case duplicate
  /// A weighted mean of several models; the tree keeps one of them as parent.
  case merge

  public var name: String {
    switch self {
    case .finetune: "finetune"
    case .lora: "lora"
    case .adapter: "adapter"
    case .quantized: "quantized"
    case .duplicate: "duplicate"
    case .merge: "merge"
    }
  }

  public var rank: Int? {
    switch self {
    case .lora(let rank), .adapter(let rank): rank
    default: nil
    }
  }

  package var isAdapter: Bool {
    if case .adapter = self { true } else { false }
  }

  public init?(name: String, rank: Int?) {
    switch name {
    case "finetune": self = .finetune
    case "lora": self = .lora(rank: rank ?? 0)
    case "adapter": self = .adapter(rank: rank ?? 0)
    case "quantized": self = .quantized
    case "duplicate": self = .duplicate
    case "merge": self = .merge
    default: return nil
    }
  }
}
