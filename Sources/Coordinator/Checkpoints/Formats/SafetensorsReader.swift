internal import Core
internal import Encodings
internal import Storage
internal import System

/// Safetensors files (https://huggingface.co/docs/safetensors, "Format").
enum SafetensorsReader {
  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let header = try SafetensorsHeader(path: path)
    return CheckpointFile(
      format: .safetensors, source: header.source,
      entries: header.entries.map { entry in
        CheckpointEntry(
          name: entry.name, type: entry.type, shape: entry.shape, content: content(of: entry, in: path))
      }, details: header.details)
  }

  private static func content(of entry: SafetensorsHeader.Entry, in path: String) -> CheckpointEntry.Content {
    guard let encoding = SafetensorsType.encoding(entry.type) else {
      return .packed(StoredBytes(file: path, range: entry.bytes))
    }
    return .recipe(
      .stored(
        StoredArray(encoding: encoding, shape: entry.shape, file: path, offset: entry.bytes.lowerBound)))
  }
}
