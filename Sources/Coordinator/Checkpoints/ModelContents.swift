internal import Core
internal import Foundation
internal import Storage
internal import System

/// What the files of one model hold together.
struct ModelContents {
  /// Names with the prefixes of their files; no name comes twice.
  private(set) var entries: [CheckpointEntry] = []
  private(set) var checkpoint = CheckpointFacts()
  private(set) var sources: [SourceFile] = []
  private(set) var details: [String: String] = [:]
  private var names: Set<ByteString> = []
  private var sizes: [CheckpointFormat: Int] = [:]

  /// - Throws: `Failure` (bad input) when a file cannot be read, or the files do not belong together.
  init(_ files: [ModelSource.File], of source: ModelSource) throws(Failure) {
    for file in files { try add(file, of: source) }
    if let parts = checkpoint.metadata["split.tensors.count"].flatMap({ Int($0) }), parts != entries.count {
      throw .badInput(
        "model '\(source.id.printable)' has \(entries.count) tensors in its \(files.count) files, but the first says \(parts)",
        advice: "give the folder that holds all parts; if these are all, download them again")
    }
    checkpoint.format = sizes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key.rawValue ?? ""
    if let first = files.first {
      let folder = URL(fileURLWithPath: Importer.absolute(first.path)).deletingLastPathComponent().path
      checkpoint.metadata.merge(ModelConfiguration.read(in: folder)) { known, _ in known }
    }
  }

  private mutating func add(_ file: ModelSource.File, of source: ModelSource) throws(Failure) {
    let path = Importer.absolute(file.path)
    let opened = try CheckpointFile(path: path)
    sources += [opened.source] + opened.companions
    sizes[opened.format, default: 0] += opened.source.bytes
    checkpoint.metadata.merge(opened.metadata) { known, _ in known }
    checkpoint.notes += opened.notes
    for (name, text) in opened.details { details[file.prefix + name] = text }
    var missing = file.tensors ?? []
    for var entry in opened.entries {
      guard file.tensors?.contains(entry.name) ?? true else { continue }
      missing.remove(entry.name)
      entry.name = file.prefix + entry.name
      guard names.insert(ByteString(entry.name)).inserted else {
        throw .badInput(
          "model '\(source.id.printable)': the tensor '\(entry.name.printable)' comes twice, the second time in '\(path.printable)'",
          advice: "remove the file that does not belong to the model")
      }
      entries.append(entry)
    }
    try note(missing, of: file, at: path)
  }

  /// Tensors that the model's index expects in a file that has none of their names.
  private mutating func note(_ missing: Set<String>, of file: ModelSource.File, at path: String) throws(Failure) {
    guard let first = missing.min() else { return }
    guard missing.count < file.tensors?.count ?? 0 else {
      throw .badInput(
        "'\(path.printable)' lacks all \(missing.count) tensors that the model's index expects there, among them '\(first.printable)'",
        advice: "index and weights are of different versions; download both again")
    }
    let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
    let part = URL(fileURLWithPath: path).lastPathComponent
    checkpoint.notes.append(
      "the index expects '\(first.printable)'\(others) in '\(part.printable)', which has none of that name")
  }
}
