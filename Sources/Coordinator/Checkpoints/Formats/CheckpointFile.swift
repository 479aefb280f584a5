package import Storage
package import System

/// A file that holds tensors: what it says of them, and no weights.
package struct CheckpointFile: Sendable {
  package var format: CheckpointFormat
  package var source: SourceFile
  /// Other files that hold numbers of its tensors.
  package var companions: [SourceFile]
  /// In the order of their bytes.
  package var entries: [CheckpointEntry]
  /// What the file says of how tensors are stored, as JSON, by the name of the plain tensor: of those that are stored as
  /// several arrays.
  package var details: [String: String]
  /// What the file itself says of its network, such as `attention.heads`.
  package var metadata: [String: String]
  /// What the file holds beside weights and is passed over, in plain words.
  package var notes: [String]

  package init(
    format: CheckpointFormat, source: SourceFile, companions: [SourceFile] = [], entries: [CheckpointEntry],
    details: [String: String] = [:], metadata: [String: String] = [:], notes: [String] = []
  ) {
    self.format = format
    self.source = source
    self.companions = companions
    self.entries = entries
    self.details = details
    self.metadata = metadata
    self.notes = notes
  }

  /// Reads what a file says of its tensors, in the format that its first bytes announce.
  ///
  /// - Throws: `Failure` (bad input) that names the file and what is wrong in it.
  package init(path: String) throws(Failure) {
    let head = try Self.head(of: path)
    if let (what, advice) = FileLook.complaint(head.bytes, fileBytes: head.fileBytes),
      FileStatus(path: path)?.kind == .file
    {
      throw .badInput("'\(path.printable)' \(what)", advice: advice)
    }
    let isSafetensors = FileLook.isSafetensors(head.bytes)
    for reader in Self.readers where !isSafetensors && reader.recognizes(head.bytes, fileBytes: head.fileBytes) {
      self = try reader.read(path)
      return
    }
    guard path.hasSuffix(".safetensors") || FileLook.mayBeSafetensors(head.bytes) || head.fileBytes == 0 else {
      throw .badInput(
        "'\(path.printable)' is not a file of weights in a format that is read",
        advice: "give a file of safetensors, PyTorch, GGUF, ONNX, NumPy or Keras, or convert it to safetensors")
    }
    // Its errors say what a safetensors file looks like.
    self = try SafetensorsReader.read(path)
  }

  /// In the order in which they are asked: formats with a mark of their own first.
  private static let readers: [any CheckpointReader.Type] = [
    GGUFReader.self, NumpyReader.self, PyTorchReader.self, KerasReader.self, ONNXReader.self,
  ]

  /// Does a file look like weights, whatever its name is? Unreadable ones do not.
  static func looksLikeWeights(_ path: String) -> Bool {
    guard let head = try? head(of: path) else { return false }
    return FileLook.isWeights(head.bytes, fileBytes: head.fileBytes)
  }

  /// The first bytes of a file, which tell its format.
  private static func head(of path: String) throws(Failure) -> (bytes: [UInt8], fileBytes: Int) {
    // What cannot be opened or is no file gets its error from the reader.
    guard let status = SourceFile.status(of: path), status.bytes > 0 else { return ([], 0) }
    let file = try WeightFile(path: path)
    let count = min(status.bytes, CheckpointFile.headBytes)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    defer { buffer.deallocate() }
    try file.read(into: buffer, at: 0, what: "the beginning")
    return (Array(buffer), status.bytes)
  }

  /// Bytes by which a format is recognized: a tar file's mark stands at 257.
  private static let headBytes = 512
}
