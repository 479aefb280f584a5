internal import Core
internal import Storage
internal import System

/// GGUF files, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
///
/// Nothing is trusted before it is checked: counts, lengths, shapes, offsets, overlaps, duplicates. Lists of tokens and
/// merges are passed over, so that what is kept does not grow with the vocabulary.
enum GGUFReader: CheckpointReader {
  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool {
    head.starts(with: mark) || predecessors.contains { head.starts(with: $0) }
  }

  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let file = try WeightFile(path: path)
    guard let status = SourceFile.status(of: path) else {
      throw .badInput("'\(path.printable)' disappeared while it was read", advice: "put the file back")
    }
    var cursor = FileCursor(file, range: 0..<status.bytes, limit: largestHeader)
    let (tensors, keys) = try counts(&cursor)
    var metadata = GGUFMetadata()
    for _ in 0..<keys { try metadata.readEntry(&cursor) }
    try checkPart(metadata, path)
    var table: [GGUFTensor] = []
    var names: Set<String> = []
    for _ in 0..<tensors {
      let tensor = try GGUFTensor(&cursor)
      guard names.insert(tensor.name).inserted else {
        throw cursor.bad("names the tensor '\(tensor.name.printable)' twice")
      }
      table.append(tensor)
    }
    let alignment = try metadata.alignment(path)
    let start = (cursor.place + alignment - 1) / alignment * alignment
    let entries = try GGUFTensor.entries(table, path: path, start: start, end: status.bytes, alignment: alignment)
    return CheckpointFile(
      format: .gguf,
      source: SourceFile(
        path: path, bytes: status.bytes, modified: status.modified,
        header: try SourceFile.fingerprint(ofEndsOf: file, bytes: status.bytes)),
      entries: entries, metadata: metadata.kept)
  }

  private static let mark = Array("GGUF".utf8)
  /// The formats that llama.cpp had before, as their first bytes are in a file.
  private static let predecessors = ["lmgg", "fmgg", "tjgg"].map { Array($0.utf8) }

  /// Bytes of a header that are read: a vocabulary of a million words takes some 30 MB.
  private static let largestHeader = 256 << 20
  private static let mostKeys = 1 << 16
  private static let mostTensors = 1 << 18

  /// What stands before the metadata: mark, version, how many tensors and keys there are.
  private static func counts(_ cursor: inout FileCursor) throws(Failure) -> (tensors: Int, keys: Int) {
    let path = cursor.path
    guard try cursor.bytes(mark.count) == mark else {
      throw .badInput(
        "'\(path.printable)' is in a format that llama.cpp had before GGUF (GGML, GGMF or GGJT), which is not read",
        advice: "get the model in a newer format, or convert it by convert_llama_ggml_to_gguf.py of llama.cpp")
    }
    let version = try cursor.number(UInt32.self)
    guard version & 0xffff != 0 || version == 0 else {
      throw .badInput(
        "'\(path.printable)' is a big-endian GGUF file (version \(version.byteSwapped)), expected a little-endian one",
        advice: "convert it by gguf_convert_endian.py of the gguf package")
    }
    guard version == 2 || version == 3 else {
      throw .badInput(
        "'\(path.printable)' is a GGUF file of version \(version), expected 2 or 3",
        advice: version == 1
          ? "version 1 was in use for some weeks of 2023; get the model again, or quantize it again by llama.cpp"
          : "check whether the file is damaged, or whether a newer modeltree reads this version")
    }
    let tensors = try cursor.number(UInt64.self)
    let keys = try cursor.number(UInt64.self)
    // The least that each of them takes.
    guard tensors <= mostTensors, tensors <= cursor.left / 24 else {
      throw cursor.bad("announces \(tensors) tensors, more than \(min(mostTensors, cursor.left / 24))")
    }
    guard keys <= mostKeys, keys <= cursor.left / 13 else {
      throw cursor.bad("announces \(keys) keys of metadata, more than \(min(mostKeys, cursor.left / 13))")
    }
    return (Int(tensors), Int(keys))
  }

  /// A part of a model in several files must be named as one, or the others would not be looked for.
  private static func checkPart(_ metadata: GGUFMetadata, _ path: String) throws(Failure) {
    guard let count = metadata.kept["split.count"].flatMap({ Int($0) }), count > 1 else { return }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let part = PartName(name), part.count == count else {
      throw .badInput(
        "'\(path.printable)' is one of \(count) parts of a model, but is not named as one, such as 'model-00001-of-0000\(count).gguf'",
        advice:
          "restore the names that llama-gguf-split gave the parts, or join them by llama-gguf-split --merge")
    }
  }
}
