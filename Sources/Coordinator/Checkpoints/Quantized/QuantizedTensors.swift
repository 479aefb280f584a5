internal import Core
internal import Encodings
internal import Storage

/// Brings tensors that are stored as several arrays together: packed weights with their scales and zero points.
///
/// Names and shapes decide; what the configuration says of the quantization is a help where they leave something open.
enum QuantizedTensors {
  /// - Parameters:
  ///   - entries: all of a model.
  ///   - metadata: what the files and the model's configuration say.
  ///   - details: see `CheckpointFile.details`.
  /// - Returns: the same, but one entry under the name of the plain tensor in place of those that belong together. What
  ///   looks quantized and is not understood is not taken for weights.
  static func assemble(
    _ entries: [CheckpointEntry], metadata: [String: String], details: [String: String]
  ) -> [CheckpointEntry] {
    var parts = QuantizedParts(entries, metadata: metadata, details: details)
    for scheme in schemes { scheme(&parts) }
    return parts.result
  }

  /// In the order in which they are asked: those with marks of their own first.
  private static let schemes: [@Sendable (inout QuantizedParts) -> Void] = [
    { HQQTensors.assemble(&$0) }, { TorchAOTensors.assemble(&$0) }, { GPTQTensors.assemble(&$0) },
    { BitsAndBytesTensors.assemble(&$0) }, { MXFP4Tensors.assemble(&$0) },
    { PackedTensors.assemble(&$0) }, { MLXTensors.assemble(&$0) }, { ScaledTensors.assemble(&$0) },
    { UnreadSchemes.assemble(&$0) },
  ]

  /// Does the type of a tensor that is not read say that it holds quantized weights?
  static func isScheme(_ type: String) -> Bool {
    generic.contains(type) || UnreadSchemes.names.contains(type)
      || Encoding(named: type).map { !$0.companions.isEmpty } ?? false
  }

  /// Tensors that look like those of a scheme, but do not fit together.
  private static let generic: Set<String> = ["GPTQ", "PACKED", "MLX", "HQQ", "TORCHAO"]
}
