package import Core
internal import Foundation
package import System

/// Finds the models below the paths that somebody gave, and gives each an id.
package struct ModelFinder {
  package private(set) var models: [ModelSource] = []
  package private(set) var notes: [Note] = []
  /// Files of models that were found, so that each is used once, whatever links lead to it.
  private var seen: Set<FileStatus.Identity> = []
  /// Folders that were searched: each once, likewise.
  private var visited: Set<FileStatus.Identity> = []
  private var given = GivenFolders()
  /// Names that may still be looked at.
  private var allowance: Int
  private let mostNames: Int

  /// - Parameters:
  ///   - paths: model folders, files of weights, `.h5` stores, or folders of these.
  ///   - mostNames: names in folders that are looked at before the search is given up: a collection has far fewer, the
  ///     disk of a machine has more.
  /// - Throws: `Failure` (bad input) for a path that does not exist, a named model that is broken,
  ///   a folder without any model, more names than may be looked at.
  package init(_ paths: [String], mostNames: Int = 1_000_000) throws(Failure) {
    (allowance, self.mostNames) = (mostNames, mostNames)
    for path in paths { given.add(path) }
    for path in paths {
      let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
      let before = (models: models.count, notes: notes.count)
      try add(path, isExplicit: true, isBelowModel: false)
      guard models.count == before.models, !isKnown(path) else { continue }
      let new = notes[before.notes...]
      if new.isEmpty { throw Self.nothing(in: path) }
      // Whoever names a folder means that there is something in it.
      guard new.contains(where: { $0.text == Self.repeated }) else {
        throw .badInput(
          "'\(path.printable)' holds no model that can be read\(Self.list(new))", advice: "see the notes above"
        )
      }
    }
    guard !models.isEmpty else {
      throw .badInput(
        "no model that can be compared among \(paths.map { "'\($0.printable)'" }.joined(separator: ", "))\(Self.list(notes))",
        advice: "give folders with model.safetensors, files of weights or .h5 stores")
    }
    for (index, id) in ModelNames.ids(of: models.map(\.path)).enumerated() { models[index].id = id }
  }

  private static let repeated = "given twice, used once"

  private static func list(_ notes: some Sequence<Note>) -> String {
    notes.map { "\n  \($0.subject.printable): \($0.text)" }.joined()
  }

  private mutating func note(_ path: String, _ text: String) { notes.append(Note(subject: path, text: text)) }

  /// Was something in the folder found before, by another path?
  private func isKnown(_ path: String) -> Bool {
    let real = Self.real(path)
    return models.contains { Self.real($0.path) == real }
  }

  private static func real(_ path: String) -> ByteString {
    ByteString(URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path)
  }

  /// - Parameter isBelowModel: is it a folder below that of a model? It may then hold nothing.
  private mutating func add(_ path: String, isExplicit: Bool, isBelowModel: Bool) throws(Failure) {
    guard let status = FileStatus(path: path) else {
      throw .badInput(
        "'\(path.printable)' does not exist", advice: HubName(path)?.advice ?? "check that the path is right")
    }
    guard status.kind == .folder else {
      addFile(path, isExplicit: isExplicit)
      return
    }
    guard visited.insert(status.identity).inserted else {
      if isExplicit { try insist(onModelIn: path) }
      return note(path, Self.repeated)
    }
    do throws(Failure) {
      if let kind = FileSystem.ofKernel(path) {
        throw .badInput(
          "'\(path.printable)' is on the kernel's own file system '\(kind)', which holds no models",
          advice: "give the folders of the models themselves")
      }
      let folder = try ModelFolder(path: path)
      try count(folder)
      try search(folder, isExplicit: isExplicit, isBelowModel: isBelowModel)
    } catch {
      guard !isExplicit, allowance >= 0 else { throw error }
      note(path, "skipped: \(error.message)")
    }
  }

  private mutating func count(_ folder: ModelFolder) throws(Failure) {
    allowance -= folder.names.count
    guard allowance < 0 else { return }
    throw .badInput(
      "the search for models was given up in '\(folder.path.printable)', after \(mostNames) names, expected a collection of models",
      advice: "give the folders of the models themselves; links to folders may have led out of these")
  }

  /// Whoever names a model means it, also where a search of folders has found it before: a defect is an error.
  private mutating func insist(onModelIn path: String) throws(Failure) {
    guard try ModelFolder(path: path).content().model != nil else { return }
    insist(onModelAt: path)
  }

  private mutating func insist(onModelAt path: String) {
    let real = Self.real(path)
    for index in models.indices where Self.real(models[index].path) == real { models[index].isExplicit = true }
  }

  private mutating func search(_ folder: ModelFolder, isExplicit: Bool, isBelowModel: Bool) throws(Failure) {
    let before = (models.count, notes.count)
    let content: ModelFolder.Content
    do throws(Failure) {
      content = try folder.content()
    } catch {
      // A broken model does not hide those below it; but whoever named it hears of nothing else.
      guard !isExplicit else { throw error }
      note(folder.path, "skipped: \(error.message)")
      return try addEntries(of: folder, ModelFolder.Content(), isBelowModel: isBelowModel)
    }
    if let model = content.model { add(folder.path, model, isExplicit: isExplicit) }
    for text in content.notes { note(folder.path, text) }
    try addEntries(of: folder, content, isBelowModel: isBelowModel || content.model != nil)
    noteUnread(content, in: folder)
    if (models.count, notes.count) == before, !isBelowModel { noteNothing(in: folder) }
    if !folder.illegible.isEmpty {
      note(
        folder.path,
        "not read, because the names are not UTF-8: \(Self.some(folder.illegible)); rename them to have them compared")
    }
  }

  /// Links last, so that what has a name of its own is not known by that of a link to it.
  private mutating func addEntries(of folder: ModelFolder, _ content: ModelFolder.Content, isBelowModel: Bool)
    throws(Failure)
  {
    var links: [String] = []
    for name in folder.isOfHubCache ? ["snapshots"] : folder.names where !isLeftOut(name, of: folder) {
      let path = "\(folder.path)/\(name)"
      if let other = content.others.first(where: { $0.path == path }) { add(path, other.content, isExplicit: false) }
      switch FileStatus(path: path)?.kind {
      case .folder where content.components.contains(name): break
      case .folder where content.model != nil && folder.isPartOfModel(name): break
      case .folder where FileStatus.isLink(path): links.append(name)
      case .folder:
        // What was to lie in a hub's cache is missing because its download has not finished.
        try add(path, isExplicit: false, isBelowModel: isBelowModel || folder.unfinished != nil)
      case .special(let what) where WeightNames.isReadable(name) && !ModelFolder.isOwn(name):
        note(path, "skipped: it is \(what), not a file")
      case nil: note(path, "skipped: it is a link that leads nowhere, or may not be followed")
      default: break
      }
    }
    for name in links {
      let path = "\(folder.path)/\(name)"
      if !given.contain(path) {
        guard !isBelowModel, content.model == nil else {
          note(
            path,
            "not followed: a link in the folder of a model to '\(GivenFolders.target(of: path).printable)', outside of what was given; give that too to have it searched"
          )
          continue
        }
        given.add(path)
      }
      try add(path, isExplicit: false, isBelowModel: isBelowModel)
    }
  }

  private func isLeftOut(_ name: String, of folder: ModelFolder) -> Bool {
    name.hasPrefix(".") || WeightNames.foreign(name) != nil || folder.isOfARun && ModelFolder.ofARun.contains(name)
  }

  // MARK: What is not read

  private mutating func noteUnread(_ content: ModelFolder.Content, in folder: ModelFolder) {
    var unread = content.unread
    let isModel = content.model != nil
    for name in folder.names where !name.hasPrefix(".") || WeightNames.isReadable(name) {
      let path = "\(folder.path)/\(name)"
      if name.hasPrefix(".") {
        if !FileStatus.isFolder(path) { unread.append(name) }
      } else if isModel, !content.components.contains(name), folder.isPartOfModel(name), FileStatus.isFolder(path) {
        unread += ModelFolder.weights(belowAnyOf: path, as: name)
      }
    }
    for name in content.components {
      let used = Set((content.model?.files ?? []).map { ByteString($0.path) })
      unread += ModelFolder.weights(belowAnyOf: "\(folder.path)/\(name)", as: name)
        .filter { !used.contains(ByteString("\(folder.path)/\($0)")) }
    }
    for name in folder.names where name.hasPrefix(".") && FileStatus.isFolder("\(folder.path)/\(name)") {
      let names = (try? FolderListing(path: "\(folder.path)/\(name)"))?.names ?? []
      unread += names.filter(WeightNames.isReadable).map { "\(name)/\($0)" }
    }
    if !unread.isEmpty { note(folder.path, "not read: \(Self.some(unread))") }
    let foreign = folder.foreign
    if let first = foreign.first {
      let others = foreign.count > 1 ? " and \(foreign.count - 1) more" : ""
      note(
        folder.path,
        "\(isModel ? "not read" : "skipped"): '\(first.name.printable)'\(others), \(first.what), which is not read\(isModel ? "" : "; convert it to safetensors first")"
      )
    }
  }

  /// One line for a folder that looks as if a model should be in it.
  private mutating func noteNothing(in folder: ModelFolder) {
    if let name = folder.unfinished {
      note(folder.path, "skipped: holds an unfinished download, '\(name.printable)', and no weights; download it again")
    } else if let name = folder.description {
      note(folder.path, "skipped: holds \(name), but no weights; download them too")
    }
  }

  private static func some(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0.printable)'" }.joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }

  // MARK: Models

  private mutating func addFile(_ path: String, isExplicit: Bool) {
    if path.hasSuffix(".h5"), ForeignHDF5.isStore(path) {
      add(path, .store(path), isExplicit: isExplicit)
      return
    }
    let file = ModelSource.File(path: path, prefix: "", tensors: nil)
    // Whatever its name is: its content decides what it is.
    add(
      path, AdapterNames.isAdapter(file: path) ? .adapter(file, configuration: "") : .weights([file]),
      isExplicit: isExplicit)
  }

  private mutating func add(_ path: String, _ content: ModelSource.Content, isExplicit: Bool) {
    // A model of several files is known by its folder.
    let file = FileStatus(path: path)
    if let file, file.kind != .folder, !seen.insert(file.identity).inserted {
      if isExplicit { insist(onModelAt: path) }
      return note(path, Self.repeated)
    }
    for file in content.files {
      if let status = FileStatus(path: file.path) { seen.insert(status.identity) }
    }
    models.append(ModelSource(id: "", path: path, content: content, isExplicit: isExplicit))
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
        "expected model.safetensors, pytorch_model.bin, their sharded forms, diffusers components, files of weights, *.h5 stores, or folders of these"
    )
  }
}
