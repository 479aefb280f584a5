internal import Storage
internal import System

/// The zip form of PyTorch files: `<name>/data.pkl`, and one file `<name>/data/<key>` for each storage.
enum TorchZip {
  /// - Parameter root: folder of the archive that holds `data.pkl`, with its slash.
  static func read(_ archive: ZipArchive, root: String, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    let path = archive.path
    if let order = try archive.content(of: "\(root)byteorder", limit: 16), order.starts(with: "big".utf8) {
      throw .badInput(
        "'\(path.printable)' holds big-endian numbers, which are not read",
        advice: "load it with PyTorch on any machine and save it again")
    }
    guard let entry = archive["\(root)data.pkl"] else {
      throw .badInput("'\(path.printable)' has no '\(root.printable)data.pkl'", advice: "download or write it again")
    }
    if let obstacle = entry.obstacle {
      throw .badInput(
        "'\(path.printable)' was packed again by another program: its data.pkl \(obstacle)",
        advice: "unpack it and pack it without compression (zip -0), or load it with PyTorch and save it again")
    }
    var cursor = FileCursor(archive.file, range: try archive.place(of: entry), limit: PyTorchReader.largestPickle)
    let pickle = TorchPickle(try PickleReader.read(&cursor), path: path)
    let dictionary = try StateDictionary(pickle)
    var places: [String: TorchEntries.Place] = [:]
    let entries = try TorchEntries(dictionary.tensors, path: path) { key throws(Failure) in
      if let known = places[key] { return known }
      let place: TorchEntries.Place
      if let storage = archive["\(root)data/\(key)"] {
        if let obstacle = storage.obstacle {
          place = .unread(obstacle)
        } else {
          place = .bytes(try archive.place(of: storage))
        }
      } else {
        place = .missing
      }
      places[key] = place
      return place
    }
    return try PyTorchReader.checkpoint(dictionary, entries, source)
  }
}
