internal import Core
internal import Storage
internal import System

/// Files that `torch.save` writes (torch/serialization.py): zip archives since 1.6, before that pickles followed by raw
/// storages, and tar archives of before 2017. None of the code in them is run.
enum PyTorchReader: CheckpointReader {
  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool {
    ZipArchive.recognizes(head) || isPickle(head) || TarArchive.recognizes(head)
  }

  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let source = try SourceFile.described(path)
    let file = try WeightFile(path: path)
    var cursor = FileCursor(file, range: 0..<source.bytes, limit: 512)
    let head = try cursor.bytes(min(512, source.bytes))
    if ZipArchive.recognizes(head) { return try ZipCheckpoint.read(path, source) }
    if TarArchive.recognizes(head) { return try TorchTar.read(file, source) }
    return try TorchStream.read(file, source)
  }

  /// A pickle of protocol 2 to 5; the older ones have no mark, but for the magic number of PyTorch.
  private static func isPickle(_ head: [UInt8]) -> Bool {
    head.count > 2 && head[0] == 0x80 && 2...5 ~= head[1] || head.starts(with: TorchStream.textMagic)
  }

  /// Bytes of one pickle that are read; what it skips does not count.
  static let largestPickle = 256 << 20

  /// - Throws: `Failure` (bad input) when the file holds no tensors at all.
  static func checkpoint(_ dictionary: StateDictionary, _ entries: TorchEntries, _ source: SourceFile) throws(Failure)
    -> CheckpointFile
  {
    guard !entries.entries.isEmpty else {
      let notes = dictionary.notes.map { "; \($0)" }.joined()
      throw .badInput(
        "'\(source.path.printable)' is a PyTorch file without weights of a network\(notes)",
        advice: "give the file that holds the network's state_dict")
    }
    return CheckpointFile(
      format: .pytorch, source: source, entries: entries.entries, details: dictionary.details, notes: dictionary.notes)
  }
}
