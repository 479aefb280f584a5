internal import Core
internal import Encodings
internal import Storage
internal import System

/// HDF5 files in which Keras keeps weights: `.weights.h5` since version 3, whole models as `.h5` before. Each dataset
/// is a tensor, named after its groups; what is stored in one piece is read where it is.
enum KerasReader: CheckpointReader {
  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool { head.starts(with: ForeignHDF5.mark) }

  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let source = try SourceFile.described(path)
    let file = try ForeignHDF5(source)
    var optimizer = 0
    var entries: [(start: Int, entry: CheckpointEntry)] = []
    for dataset in file.datasets {
      let name = dataset.name.split(separator: "/").joined(separator: ".")
      guard !dataset.name.hasPrefix("optimizer"), dataset.type != "text" else {
        optimizer += 1
        continue
      }
      var (start, content) = (Int.max, CheckpointEntry.Content.unread(""))
      switch dataset.place {
      case .numbers(let encoding, let offset):
        start = offset
        content = .recipe(.stored(StoredArray(encoding: encoding, shape: dataset.shape, file: path, offset: offset)))
      case .unread(let why): content = .unread("it \(why)")
      }
      entries.append((start, CheckpointEntry(name: name, type: dataset.type, shape: dataset.shape, content: content)))
    }
    guard !entries.isEmpty else {
      throw .badInput(
        "'\(path.printable)' is an HDF5 file without arrays of numbers", advice: "give a file of weights of Keras")
    }
    let ordered = entries.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
    var notes: [String] = []
    if optimizer > 0 {
      notes.append("not weights of the network, passed over: \(optimizer) arrays of the optimizer or of texts")
    }
    if let group = file.unreadGroups.first {
      let others = file.unreadGroups.count > 1 ? " and \(file.unreadGroups.count - 1) more" : ""
      notes.append("the group '/\(group.printable)'\(others) has an index of its members, which is not read")
    }
    return CheckpointFile(format: .hdf5, source: source, entries: ordered.map(\.element.entry), notes: notes)
  }
}
