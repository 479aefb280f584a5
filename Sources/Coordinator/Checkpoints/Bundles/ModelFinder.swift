public import Core
internal import Foundation
public import System

/// Finds the models below the paths that somebody gave, and gives each an id.
public struct ModelFinder {
  public private(set) var models: [ModelSource] = []
  public private(set) var notes: [Note] = []
  /// Models that were found, by their real paths.
  private var seen: Set<ByteString> = []
  /// Folders that were searched: each once, whatever links lead to it.
  private var visited: Set<FileStatus.Identity> = []

  /// How many folders below a given one are searched.
  private static let deepest = 6

  /// - Parameter paths: model folders, `.safetensors` files, `.h5` stores, or folders of these.
  /// - Throws: `Failure` (bad input) for a path that does not exist, a named model that is broken,
  ///   a folder without any model.
  public init(_ paths: [String]) throws(Failure) {
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

  private mutating func note(_ path: String, _ text: String) { notes.append(Note(subject: path, text: text)) }

  private mutating func add(_ path: String, depth: Int, isExplicit: Bool) throws(Failure) {
    guard let status = FileStatus(path: path) else {
      throw .badInput("'\(path.printable)' does not exist", advice: "check that the path is right")
    }
    guard status.kind == .folder else { return addFile(path, isExplicit: isExplicit) }
    guard visited.insert(status.identity).inserted else {
      if isExplicit { try insist(onModelIn: path) }
      return note(path, "given twice, used once")
    }
    do throws(Failure) {
      try addFolder(try ModelFolder(path: path), depth: depth, isExplicit: isExplicit)
    } catch {
      guard !isExplicit else { throw error }
      note(path, "skipped: \(error.message)")
    }
  }

  /// Whoever names a model means it, also where a search of folders has found it before: a defect is an error.
  private mutating func insist(onModelIn path: String) throws(Failure) {
    guard try ModelFolder(path: path).model() != nil else { return }
    insist(onModelAt: path)
  }

  private mutating func insist(onModelAt path: String) {
    let real = Self.real(path)
    for index in models.indices where Self.real(models[index].path) == real { models[index].isExplicit = true }
  }

  private static func real(_ path: String) -> ByteString {
    ByteString(URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path)
  }

  private mutating func addFolder(_ folder: ModelFolder, depth: Int, isExplicit: Bool) throws(Failure) {
    if let model = try folder.model() {
      add(folder.path, model, isExplicit: isExplicit)
      noteUnread(folder.unread(beside: model.files), in: folder)
    } else if depth < Self.deepest {
      try addEntries(of: folder, depth: depth)
    } else if folder.names.contains(where: { FileStatus.isFolder("\(folder.path)/\($0)") })
      || !folder.unread(beside: []).isEmpty
    {
      note(folder.path, "not searched: it is more than \(Self.deepest) folders below the given one; give it by itself")
    }
    if !folder.illegible.isEmpty {
      note(
        folder.path,
        "not read, because the names are not UTF-8: \(Self.some(folder.illegible)); rename them to have them compared")
    }
  }

  private mutating func addEntries(of folder: ModelFolder, depth: Int) throws(Failure) {
    let before = models.count
    var hidden: [String] = []
    for name in folder.names where !folder.isOfARun || !ModelFolder.ofARun.contains(name) {
      let path = "\(folder.path)/\(name)"
      if name.hasPrefix(".") {
        hidden += Self.weights(hiddenAs: name, in: folder)
        continue
      }
      switch FileStatus(path: path)?.kind {
      case .folder: try add(path, depth: depth + 1, isExplicit: false)
      case .file where WeightNames.isReadable(name): addFile(path, isExplicit: false)
      case .special(let what) where WeightNames.isReadable(name): note(path, "skipped: it is \(what), not a file")
      case nil: note(path, "skipped: it is a link that leads nowhere, or may not be followed")
      default: break
      }
    }
    noteUnread(hidden, in: folder)
    let foreign = folder.foreignWeights
    guard let first = foreign.first else { return }
    if models.count == before {
      note(folder.path, "skipped: holds \(first.printable), but no safetensors; convert it first")
    } else {
      noteUnread(foreign, in: folder)
    }
  }

  /// Weights that a search of folders passes by because their names start with a dot.
  private static func weights(hiddenAs name: String, in folder: ModelFolder) -> [String] {
    let path = "\(folder.path)/\(name)"
    guard FileStatus.isFolder(path) else { return WeightNames.isReadable(name) ? [name] : [] }
    let names = (try? FolderListing(path: path))?.names ?? []
    return names.filter(WeightNames.isReadable).map { "\(name)/\($0)" }
  }

  private mutating func noteUnread(_ names: [String], in folder: ModelFolder) {
    guard !names.isEmpty else { return }
    note(folder.path, "not read: \(Self.some(names))")
  }

  private static func some(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0.printable)'" }.joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }

  private mutating func addFile(_ path: String, isExplicit: Bool) {
    if path.hasSuffix(".h5") {
      add(path, .store(path), isExplicit: isExplicit)
    } else {
      // Whatever its name is: its header decides whether it is a safetensors file.
      add(path, .weights([.init(path: path, prefix: "", tensors: nil)]), isExplicit: isExplicit)
    }
  }

  private mutating func add(_ path: String, _ content: ModelSource.Content, isExplicit: Bool) {
    guard seen.insert(Self.real(path)).inserted else {
      if isExplicit { insist(onModelAt: path) }
      return note(path, "given twice, used once")
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

  private static func nothing(in path: String) -> Failure {
    if (try? ModelFolder(path: path))?.isOfARun ?? false {
      return .badInput(
        "'\(path.printable)' is the directory of a run and holds no model of its own",
        advice: "give the models; to resume the run: modeltree resume")
    }
    return .badInput(
      "'\(path.printable)' holds no model",
      advice:
        "expected model.safetensors, model.safetensors.index.json, diffusers components, *.safetensors, *.h5, or folders of these"
    )
  }
}
