internal import Core
internal import Foundation
public import System

/// Finds the models below the paths that somebody gave, and gives each an id.
public struct ModelFinder {
  public private(set) var models: [ModelSource] = []
  public private(set) var notes: [Note] = []
  private var seen: Set<ByteString> = []

  /// Folders below folders that are looked into.
  private static let deepest = 6

  /// A file that marks folders to skip.
  private let skippedMark: String?

  /// - Parameters:
  ///   - paths: model folders, `.safetensors` files, `.h5` stores, or folders of these.
  ///   - mark: folders that hold a file of this name are skipped with a note, unless they are given themselves: the
  ///     run directories of earlier recoveries, whose stores are models that are found elsewhere.
  /// - Throws: `Failure` (bad input) for a path that does not exist, a named model that is broken,
  ///   a folder without any model.
  public init(_ paths: [String], skippingFoldersWith mark: String? = nil) throws(Failure) {
    skippedMark = mark
    for path in paths {
      let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
      let before = models.count + seen.count + notes.count
      try add(path, depth: 0, isExplicit: true)
      if models.count + seen.count + notes.count == before { throw Self.nothing(in: path) }
    }
    guard !models.isEmpty else {
      throw .badInput(
        "no model that can be compared among \(paths.map { "'\($0.printable)'" }.joined(separator: ", "))\(Self.list(notes))",
        advice: "give folders with model.safetensors, .safetensors files or .h5 stores")
    }
    assignIDs()
  }

  private static func list(_ notes: [Note]) -> String {
    notes.map { "\n  \($0.subject.printable): \($0.text)" }.joined()
  }

  private mutating func add(_ path: String, depth: Int, isExplicit: Bool) throws(Failure) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .badInput("'\(path.printable)' does not exist", advice: "see that the path is right")
    }
    if !Self.isFolder(path) {
      addFile(path, isExplicit: isExplicit)
      return
    }
    if !isExplicit, let skippedMark, FileManager.default.fileExists(atPath: "\(path)/\(skippedMark)") {
      notes.append(Note(subject: path, text: "skipped: the run directory of an earlier recovery"))
      return
    }
    let folder: ModelFolder
    let files: [ModelSource.File]?
    do throws(Failure) {
      folder = try ModelFolder(path: path)
      files = try folder.model()
    } catch {
      guard !isExplicit else { throw error }
      notes.append(Note(subject: path, text: "skipped: \(error.message)"))
      return
    }
    if let files {
      add(path, .safetensors(files), isExplicit: isExplicit)
    } else if folder.names.contains("adapter_model.safetensors") {
      let configuration = FileManager.default.contents(atPath: "\(path)/adapter_config.json") ?? Data()
      add(
        path,
        .adapter(
          .init(path: "\(path)/adapter_model.safetensors", prefix: "", tensors: nil),
          configuration: String(decoding: configuration, as: UTF8.self)),
        isExplicit: isExplicit)
    } else if depth < Self.deepest {
      try addEntries(of: folder, depth: depth)
    }
  }

  private mutating func addEntries(of folder: ModelFolder, depth: Int) throws(Failure) {
    let before = models.count
    for name in folder.names where !name.hasPrefix(".") {
      let path = "\(folder.path)/\(name)"
      if Self.isFolder(path) {
        try add(path, depth: depth + 1, isExplicit: false)
      } else if name.hasSuffix(".safetensors") || name.hasSuffix(".h5") {
        addFile(path, isExplicit: false)
      }
    }
    if models.count == before, !folder.foreignWeights.isEmpty {
      notes.append(
        Note(
          subject: folder.path,
          text: "skipped: holds \(folder.foreignWeights[0].printable), but no safetensors; convert it first"))
    }
  }

  private mutating func addFile(_ path: String, isExplicit: Bool) {
    if path.hasSuffix(".h5") {
      add(path, .store(path), isExplicit: isExplicit)
    } else {
      // Whatever its name is: its header decides whether it is a safetensors file.
      add(path, .safetensors([.init(path: path, prefix: "", tensors: nil)]), isExplicit: isExplicit)
    }
  }

  private mutating func add(_ path: String, _ content: ModelSource.Content, isExplicit: Bool) {
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    guard seen.insert(ByteString(real)).inserted else {
      notes.append(Note(subject: path, text: "given twice, used once"))
      return
    }
    models.append(ModelSource(id: "", path: path, content: content, isExplicit: isExplicit))
  }

  /// The folder or file name, with as many folders in front as it takes to be unique.
  private mutating func assignIDs() {
    let names = models.map { Self.names(of: $0.path) }
    var parts = Array(repeating: 1, count: models.count)
    while true {
      for index in models.indices { models[index].id = Self.id(names[index], parts: parts[index]) }
      let clashes = Dictionary(grouping: models.indices) { models[$0].id }.values.filter { $0.count > 1 }
      let movable = clashes.joined().filter { parts[$0] < names[$0].count }
      if movable.isEmpty {
        // Only different forms of one name are left, as `a.h5` beside `a.safetensors`.
        for clash in clashes {
          for index in clash { models[index].id += "@\(index)" }
        }
        return
      }
      for index in movable { parts[index] += 1 }
    }
  }

  /// Path components, the model's own name last. The Hugging Face cache's
  /// `models--ORG--NAME/snapshots/REVISION` counts as `ORG/NAME`.
  private static func names(of path: String) -> [String] {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    var names = url.pathComponents.filter { $0 != "/" }
    if let cache = names.lastIndex(where: { $0.hasPrefix("models--") }),
      names.count == cache + 3, names[cache + 1] == "snapshots"
    {
      let repository = names[cache].dropFirst("models--".count).replacingOccurrences(of: "--", with: "/")
      names[cache...] = [repository]
    }
    if let last = names.last {
      for ending in [".safetensors", ".h5"] where last.hasSuffix(ending) && last.count > ending.count {
        names[names.count - 1] = String(last.dropLast(ending.count))
      }
    }
    return names.isEmpty ? ["model"] : names
  }

  private static func id(_ names: [String], parts: Int) -> String {
    names.suffix(parts).joined(separator: "/")
  }

  static func isFolder(_ path: String) -> Bool {
    var folder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
  }

  private static func nothing(in path: String) -> Failure {
    .badInput(
      "'\(path.printable)' holds no model",
      advice:
        "expected model.safetensors, model.safetensors.index.json, diffusers components, *.safetensors, *.h5, or folders of these"
    )
  }
}
