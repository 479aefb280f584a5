/// What the name of a tensor says of its part in a low-rank adapter.
///
/// PEFT: `x.lora_A.weight`, `x.lora_A.default.weight`, `x.lora_embedding_A`; kohya: `lora_unet_x.lora_down.weight`,
/// `lora_unet_x.alpha`; diffusers: `x.lora.down.weight`, `x.lora_linear_layer.down.weight`,
/// `x.processor.to_q_lora.down.weight`; llama.cpp: `x.weight.lora_a`.
package struct FactorName: Hashable {
  package enum Part: Hashable {
    /// A, rank x inputs, and B, outputs x rank.
    case down, up
    /// The same of a table, whose change is the transposed product.
    case tableDown, tableUp
    /// A of a table as llama.cpp stores it: inputs x rank.
    case tableRows
    case alpha
    /// The lengths of DoRA.
    case magnitude
    /// The third factor of a convolution's change.
    case middle
  }

  /// The module that is changed, as the adapter calls it.
  package let module: String
  package let part: Part

  private static let single: [Substring: Part] = [
    "lora_A": .down, "lora_B": .up, "lora_down": .down, "lora_up": .up, "lora_embedding_A": .tableDown,
    "lora_embedding_B": .tableUp, "lora_mid": .middle, "lora_magnitude_vector": .magnitude, "dora_scale": .magnitude,
    "alpha": .alpha,
  ]
  private static let gguf: [Substring: Part] = ["lora_a": .down, "lora_b": .up]
  private static let halves: [Substring: Part] = ["down": .down, "up": .up]

  /// nil for a tensor that belongs to no low-rank change.
  package init?(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count > 1, parts.last == "weight" { parts.removeLast() }
    guard let last = parts.last else { return nil }
    if let part = Self.gguf[last] {
      parts.removeLast()
      // `token_embd.weight.lora_a`: llama.cpp looks its rows up (src/llama-adapter.cpp).
      let isTable = parts.first == "token_embd" && parts.count <= 2
      if parts.last == "weight" { parts.removeLast() }
      self.init(parts, isTable ? part == .down ? .tableRows : .tableUp : part)
      return
    }
    if let half = Self.halves[last], parts.count > 2 {
      let kind = parts[parts.count - 2]
      if kind == "lora" || kind == "lora_linear_layer" {
        self.init(parts.dropLast(2), half)
        return
      }
      // A module of attention, whose processor holds the factors of all its maps.
      guard kind.hasSuffix("_lora"), parts.count > 3, parts[parts.count - 3] == "processor" else { return nil }
      let map = kind.dropLast(5)
      self.init(parts.dropLast(3) + (map == "to_out" ? ["to_out", "0"] : [map]), half)
      return
    }
    if let part = Self.single[last] {
      self.init(parts.dropLast(), part)
    } else if parts.count > 1, let part = Self.single[parts[parts.count - 2]], part != .alpha {
      // The name that PEFT gives the adapter comes in between.
      self.init(parts.dropLast(2), part)
    } else {
      return nil
    }
  }

  private init?(_ module: some Sequence<Substring>, _ part: Part) {
    let module = module.joined(separator: ".")
    guard !module.isEmpty else { return nil }
    (self.module, self.part) = (module, part)
  }

  /// Kinds of adapters that have no factors A and B, by what the names of their tensors hold.
  private static let others = [
    ("hada_", "LoHa"), ("lokr_", "LoKr"), ("ia3_l", "IA3"), ("oft_", "OFT"), ("vera_lambda", "VeRA"),
    ("boft_", "BOFT"), ("prompt_embeddings", "prompt tuning"), ("randlora_", "RandLoRA"), ("lora_xs", "LoRA-XS"),
  ]

  /// The kind of adapter that a tensor belongs to, if it is one that is only named.
  static func otherKind(_ name: String) -> String? { others.first { name.contains($0.0) }?.1 }
}
