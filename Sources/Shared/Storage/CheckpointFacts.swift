/// What a store says of the checkpoint that its model was imported from.
package struct CheckpointFacts: Sendable, Hashable, Codable {
  /// The format that holds most bytes of the model, such as `safetensors`.
  package var format: String
  /// What the files and the configuration beside them say of the network, such as `config.num_attention_heads`.
  package var metadata: [String: String]
  /// What the files hold beside weights and is passed over, in plain words.
  package var notes: [String]

  package init(format: String = "", metadata: [String: String] = [:], notes: [String] = []) {
    self.format = format
    self.metadata = metadata
    self.notes = notes
  }
}
