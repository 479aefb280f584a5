/// What names of files say about their content.
enum WeightNames {
  /// Formats that are read.
  static func isReadable(_ name: String) -> Bool { name.hasSuffix(".safetensors") || name.hasSuffix(".h5") }

  /// Weights in formats that are not read.
  static func isForeign(_ name: String) -> Bool {
    foreign.contains { name.hasSuffix($0) } && !bookkeeping.contains { name.hasPrefix($0) }
  }

  private static let foreign = [
    ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".msgpack", ".onnx", ".npz", ".pdparams", ".tflite",
  ]

  /// What training programs keep for themselves under the same endings.
  private static let bookkeeping = ["optimizer", "scheduler", "rng_state", "scaler", "training_args"]
}
