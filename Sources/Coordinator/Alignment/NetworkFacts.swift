package import Checkpoints
internal import Storage

/// What a model's configuration says of the size of its heads.
package struct NetworkFacts {
  package private(set) var headSize: Int?
  package private(set) var heads: Int?
  /// Rows of all queries.
  private(set) var queries: Int?
  /// The size of a head as rotary rows are reordered by; 2 where the order is the canonical one already.
  private(set) var rotarySize: Int?

  /// Architectures whose rotary rows llama.cpp reorders to pairs (`permute` in its convert_hf_to_gguf.py); all others
  /// keep the halves of transformers.
  private static let reordered: Set<String> = [
    "llama", "llama4", "mistral3", "deci", "baichuan", "xverse", "minicpm", "internlm2", "granite", "granitemoe",
    "arctic", "orion", "refact", "smollm3",
  ]
  /// Where configurations keep what concerns the language model of one that sees, too.
  private static let parts = ["text_config.", "llm_config.", "language_config.", ""]

  /// From what the files and the configuration beside them say: of transformers, of Meta, of llama.cpp.
  package init(_ model: ModelRecord) {
    let metadata = model.checkpoint.metadata
    let architecture = metadata["general.architecture"]
    func number(_ names: [String]) -> Int? {
      names.lazy.compactMap { metadata[$0].flatMap { Int($0) } }.first { 1...1 << 20 ~= $0 }
    }
    func numbers(_ configuration: [String], _ params: String, _ gguf: String) -> Int? {
      let names = Self.parts.flatMap { part in configuration.map { "config.\(part)\($0)" } }
      return number((architecture.map { ["\($0).\(gguf)"] } ?? []) + names + ["params.\(params)"])
    }
    heads = numbers(
      ["num_attention_heads", "n_head", "n_heads", "num_heads"], "n_heads", "attention.head_count")
    let hidden = numbers(["hidden_size", "n_embd", "d_model"], "dim", "embedding_length")
    let whole = heads.flatMap { heads in hidden.flatMap { $0 % heads == 0 ? $0 / heads : nil } }
    headSize = numbers(["head_dim", "kv_channels"], "head_dim", "attention.key_length") ?? whole
    queries = headSize.flatMap { size in heads.map { $0 * size } }
    rotarySize = architecture.map { Self.reordered.contains($0) } ?? true ? headSize : 2
  }
}
