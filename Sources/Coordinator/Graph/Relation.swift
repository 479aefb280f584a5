/// How a model came from the model at the other end of an edge.
package struct Relation: Sendable, Hashable {
  package let kind: Kind
  /// The largest rank of any tensor's change, as far as rounding lets it be seen; nil where the kind has none.
  package let rank: Int?

  /// - Parameters:
  ///   - kind: what was done.
  ///   - rank: ignored by kinds that have none; 0 where such a kind is given none.
  package init(_ kind: Kind, rank: Int? = nil) {
    self.kind = kind
    self.rank = kind.facts.hasRank ? rank ?? 0 : nil
  }

  package var name: String { kind.rawValue }
  /// Both models hold the same weights, so that no weights say which of them was first.
  package var isCopy: Bool { kind == .duplicate || kind == .reformatted }

  package static let finetune = Relation(.finetune)
  package static func lora(rank: Int) -> Relation { Relation(.lora, rank: rank) }
  package static func adapter(rank: Int) -> Relation { Relation(.adapter, rank: rank) }
  package static let quantized = Relation(.quantized)
  package static let merge = Relation(.merge)
  package static let duplicate = Relation(.duplicate)
  package static let reformatted = Relation(.reformatted)
  package static let upcycled = Relation(.upcycled)
  package static let contains = Relation(.contains)

  /// The vocabulary; the raw values are the words of `tree.json`.
  package enum Kind: String, Sendable, CaseIterable {
    case finetune, lora, adapter, quantized, merge, duplicate, reformatted, pruned, upscaled, upcycled, extended
    case contains
  }

  /// What there is to know of a kind; everything that shows relations reads it from here.
  package struct Facts: Sendable {
    package let meaning: String
    /// The change has a rank worth stating.
    package var hasRank = false
    /// The Hugging Face Hub's word for it in `base_model_relation`; nil where the Hub has none.
    package var hubName: String?
    /// The line in pictures, as SVG's `stroke-dasharray`; nil for a solid line.
    package var dashes: String?
  }
}

extension Relation.Kind {
  /// A new kind is a case above and a line here.
  package var facts: Relation.Facts {
    switch self {
    case .finetune: .init(meaning: "further training of all or most directions", hubName: "finetune")
    case .lora:
      .init(
        meaning: "a low-rank update, merged into the weights", hasRank: true, hubName: "finetune", dashes: "9 4")
    case .adapter:
      .init(
        meaning: "a low-rank update that is kept apart from the weights of its base", hasRank: true,
        hubName: "adapter", dashes: "2 3")
    case .quantized:
      .init(meaning: "the parent, rounded to a coarser grid", hubName: "quantized", dashes: "9 3 2 3")
    case .merge:
      .init(
        meaning: "a weighted mean of several models; the tree keeps one of them as parent", hubName: "merge",
        dashes: "5 4")
    case .duplicate: .init(meaning: "the same weights, bit for bit")
    case .reformatted: .init(meaning: "the same weights once format, names and layout are undone")
    case .pruned: .init(meaning: "the parent with weights, layers, heads or units removed", dashes: "12 3")
    case .upscaled: .init(meaning: "the parent with layers or width added", dashes: "14 3 4 3")
    case .upcycled: .init(meaning: "the parent with its MLPs copied into experts", dashes: "14 3 2 3 2 3")
    case .extended: .init(meaning: "the parent with a larger vocabulary", dashes: "7 2")
    case .contains: .init(meaning: "a component of the model was taken from the other", dashes: "1 4")
    }
  }
}
