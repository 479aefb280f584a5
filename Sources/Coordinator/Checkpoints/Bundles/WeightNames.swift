/// What names of files say about their content.
enum WeightNames {
  /// Formats that are read.
  static func isReadable(_ name: String) -> Bool { readable.contains { name.hasSuffix($0) } }

  private static let readable = [".safetensors", ".h5", ".gguf"]

  /// Weights in formats that are not read.
  static func isForeign(_ name: String) -> Bool {
    foreign.contains { name.hasSuffix($0) } && !bookkeeping.contains { name.hasPrefix($0) }
  }

  private static let foreign = [
    ".bin", ".pt", ".pth", ".ckpt", ".msgpack", ".onnx", ".npz", ".pdparams", ".tflite",
  ]

  /// What training programs keep for themselves under the same endings.
  private static let bookkeeping = ["optimizer", "scheduler", "rng_state", "scaler", "training_args"]
}
