internal import Storage
internal import System

/// Zip archives that hold weights: which program wrote it shows in the names of its files.
enum ZipCheckpoint {
  static func read(_ path: String, _ source: SourceFile) throws(Failure) -> CheckpointFile {
    let archive = try ZipArchive(path: path)
    // The folder's name is that of the file when it was written.
    let roots = archive.entries.map(\.name).filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
      .map { String($0.dropLast("data.pkl".count)) }
    if let root = roots.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) {
      if archive["\(root)constants.pkl"] != nil
        || archive.entries.contains(where: { $0.name.hasPrefix("\(root)code/") })
      {
        throw unread(
          path, "is a TorchScript archive: a program with its weights", "save the network's state_dict() instead")
      }
      return try TorchZip.read(archive, root: root, source)
    }
    if !archive.entries.isEmpty, archive.entries.allSatisfy({ $0.name.hasSuffix(".npy") }) {
      return try NumpyReader.read(archive, source)
    }
    func has(_ name: String) -> Bool { archive[name] != nil }
    if has("model.weights.h5") {
      throw unread(path, "is a Keras archive", "unpack it (unzip) and give its model.weights.h5")
    }
    if archive.entries.contains(where: {
      $0.name.hasSuffix("serialized_exported_program.json")
        || $0.name.contains("/models/") && $0.name.hasSuffix(".json")
    }) {
      throw unread(path, "is an exported PyTorch program", "save the network's state_dict() instead")
    }
    if archive.entries.contains(where: { $0.name.hasSuffix("coremldata.bin") || $0.name.contains(".mlpackage/") }) {
      throw unread(path, "is a Core ML package", "give the model that it was converted from")
    }
    guard let first = archive.entries.first else { throw unread(path, "is an empty zip archive", "download it again") }
    throw unread(
      path, "is a zip archive with '\(first.name.printable)', not one of PyTorch or NumPy",
      "unpack it (unzip) and give what is in it")
  }

  private static func unread(_ path: String, _ what: String, _ advice: String) -> Failure {
    .badInput("'\(path.printable)' \(what), which is not read", advice: advice)
  }
}
