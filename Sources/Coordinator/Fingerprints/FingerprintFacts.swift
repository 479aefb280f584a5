/// What a fingerprint says of a model beside its tensors, from its files alone.
package struct FingerprintFacts: Sendable, Equatable, Codable {
  /// The container of most of its bytes, such as `safetensors`.
  package var format: String
  /// How its weights are stored, most bytes first.
  package var encodings: [String]
  /// Unit roundoff of the first of these.
  package var rounding: Double
  /// Weights that can be read.
  package var parameters: Int
  /// Canonical tensors, kept or not.
  package var tensors: Int
  /// Naming conventions that its tensors follow.
  package var dialects: [String]
  /// What was undone to bring tensors into canonical form.
  package var layout: [String]
  /// The scheme of quantized weights that cannot be read; nil where there are none.
  package var unread: String?
  /// SHA-256 of all canonical names and shapes but those of constants and of heads that repeat the token table.
  package var structure: String
  /// SHA-256 of the hashes of all tensors' values, whatever they are called: equal for models with the same weights.
  package var content: String

  package init(
    format: String, encodings: [String], rounding: Double, parameters: Int, tensors: Int, dialects: [String],
    layout: [String], unread: String?, structure: String, content: String
  ) {
    self.format = format
    self.encodings = encodings
    self.rounding = rounding
    self.parameters = parameters
    self.tensors = tensors
    self.dialects = dialects
    self.layout = layout
    self.unread = unread
    self.structure = structure
    self.content = content
  }
}
