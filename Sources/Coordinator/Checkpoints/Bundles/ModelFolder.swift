internal import Core
internal import Foundation
internal import System

/// Recognizes the layouts in which a folder holds models.
struct ModelFolder {
  let path: String
  let names: [String]
  /// Names that are not UTF-8, with escapes.
  let illegible: [String]

  private static let largestConfiguration = 1 << 20

  init(path: String) throws(Failure) {
    self.path = path
    let listing = try FolderListing(path: path)
    names = listing.names
    illegible = listing.illegible
  }

  /// What a folder itself holds.
  struct Content {
    /// The model that the folder is; nil when it is none.
    var model: ModelSource.Content?
    /// Folders that belong to the model.
    var components: [String] = []
    /// Files that are models of their own, and what they are called: each by the path that people know it by.
    var others: [(path: String, content: ModelSource.Content)] = []
    /// Files whose model is read from another file.
    var unread: [String] = []
    /// What is odd, in plain words.
    var notes: [String] = []
  }

  /// - Throws: `Failure` (bad input) when what the folder holds is broken.
  func content() throws(Failure) -> Content {
    let sets = WeightSets.find(in: path, candidates)
    var content = Content()
    var rest = sets
    if let (files, best) = try weights(of: sets, prefix: "") {
      content.model = .weights(files)
      content.notes += best.notes
      rest.removeAll { $0.names == best.names }
    } else if let (files, components) = try pipeline() {
      content.model = .weights(files)
      content.components = components
    }
    for adapter in Self.adapters(among: rest) {
      let whole = try self.adapter(adapter)
      if content.model == nil {
        content.model = whole
      } else {
        content.others.append(("\(path)/\(adapter.names[0])", whole))
      }
      rest.removeAll { $0.names == adapter.names }
    }
    if content.model == nil, rest.count == 1, let only = rest.first, only.ending != "h5", only.isSharded || isDescribed
    {
      if let defect = only.defect { throw named(defect) }
      content.model = isAdapter(only) ? try adapter(only, isOnly: true) : .weights(only.files(in: path))
      content.notes += only.notes
      return content
    }
    try sort(rest, into: &content)
    return content
  }

  /// Files beside the model, or models of their own where the folder is none.
  private func sort(_ rest: [WeightSet], into content: inout Content) throws(Failure) {
    let isModel = content.model != nil
    var taken: [String: WeightSet] = [:]
    for set in rest.sorted(by: { ($0.preference, $0.stem) < ($1.preference, $1.stem) }) {
      guard let first = set.names.first else {
        if let defect = set.defect { content.notes.append("skipped: \(defect.message)") }
        continue
      }
      let path = "\(self.path)/\(first)"
      if set.ending == "h5", ForeignHDF5.isStore(path) {
        if isModel { content.unread.append(first) } else { content.others.append((path, .store(path))) }
      } else if !isModel, let same = taken[set.stem] {
        content.notes.append(
          "not read: '\(first.printable)', taken for the same model as '\((same.names.first ?? "").printable)'")
      } else if isAdapter(set) {
        content.others.append((path, try adapter(set)))
      } else if isModel {
        content.unread += set.names
      } else if let defect = set.defect {
        content.notes.append("skipped: \(defect.message)")
      } else {
        taken[set.stem] = set
        content.others.append((path, .weights(set.files(in: self.path))))
        content.notes += set.notes
      }
    }
    // In the order of their names, as everything in a folder.
    content.others.sort { $0.path < $1.path }
  }

  /// Is there a description of one model in it?
  private var isDescribed: Bool {
    ["config.json", "params.json", "adapter_config.json"].contains { names.contains($0) }
  }

  /// Files that may hold weights, by their names, or where those say nothing by their first bytes; and indices.
  private var candidates: [String] {
    names.filter { name in
      guard !name.hasPrefix("."), !(isOfARun && Self.ofARun.contains(name)), WeightNames.foreign(name) == nil else {
        return false
      }
      if WeightIndex.parts(name) != nil { return true }
      let path = "\(self.path)/\(name)"
      let kind = FileStatus(path: path)?.kind
      // A pipe in the place of a folder's model is an error, not a detail.
      if let kind, kind != .folder, Self.isOwn(name) { return true }
      guard !WeightNames.isOther(name), !WeightNames.isUnfinished(name), kind == .file else { return false }
      return WeightNames.isReadable(name) || CheckpointFile.looksLikeWeights(path)
    }
  }

  /// Is it a name that a model or an adapter has in a folder of its own?
  static func isOwn(_ name: String) -> Bool {
    guard let ending = WeightNames.ending(of: name) else { return false }
    let set = WeightSet(stem: WeightNames.stem(name), ending: ending, names: [name])
    return set.ownName != nil || WeightNames.adapterNames.contains(set.stem)
  }

  // MARK: One network

  /// The set under one of the names that models have in folders of their own: in the format that is preferred, whole
  /// rather than as a variant.
  private func weights(of sets: [WeightSet], prefix: String) throws(Failure) -> ([ModelSource.File], WeightSet)? {
    let own = sets.compactMap { set in set.ownName.map { (set, $0) } }.filter {
      $0.0.ending != "h5" || !ForeignHDF5.isStore("\(path)/\($0.0.names[0])")
    }
    let ranked = own.sorted { a, b in
      (a.0.preference, a.1.isVariant ? 1 : 0, a.1.place, a.0.isSharded ? 1 : 0, a.0.stem)
        < (b.0.preference, b.1.isVariant ? 1 : 0, b.1.place, b.0.isSharded ? 1 : 0, b.0.stem)
    }
    guard let first = ranked.first?.0 else { return nil }
    guard let defect = first.defect else { return (first.files(in: path, prefix: prefix), first) }
    guard var other = ranked.first(where: { $0.0.defect == nil })?.0 else { throw named(defect) }
    other.notes.append("'\((other.names.first ?? "").printable)' is read instead: \(defect.message)")
    return (other.files(in: path, prefix: prefix), other)
  }

  /// A defect that names the folder.
  private func named(_ defect: Failure) -> Failure {
    guard !defect.message.contains(path) else { return defect }
    return .badInput("'\(path.printable)' \(defect.message)", advice: defect.advice)
  }

  /// A diffusers pipeline: components in folders of their own, each under its name as prefix.
  private func pipeline() throws(Failure) -> (files: [ModelSource.File], components: [String])? {
    guard names.contains("model_index.json") || holdsComponents else { return nil }
    var files: [ModelSource.File] = []
    var components: [String] = []
    for name in names where !name.hasPrefix(".") && FileStatus.isFolder("\(path)/\(name)") {
      let component = try ModelFolder(path: "\(path)/\(name)")
      let sets = WeightSets.find(in: component.path, component.candidates)
      guard let (found, _) = try component.weights(of: sets, prefix: "\(name).") else { continue }
      files += found
      components.append(name)
    }
    return files.isEmpty ? nil : (files, components)
  }

  private var holdsComponents: Bool {
    ["unet", "transformer", "prior", "vae"].contains { component in
      names.contains(component)
        && (try? FolderListing(path: "\(path)/\(component)"))?.names
          .contains { $0.hasPrefix("diffusion_pytorch_model") } ?? false
    }
  }

  // MARK: Adapters

  /// Sets that are adapters by their names, the preferred format of each alone.
  private static func adapters(among sets: [WeightSet]) -> [WeightSet] {
    WeightNames.adapterNames.compactMap { name in
      sets.filter { $0.stem == name && !$0.isSharded }.min { $0.preference < $1.preference }
    }
  }

  private func isAdapter(_ set: WeightSet) -> Bool {
    !set.isSharded && AdapterNames.isAdapter(file: "\(path)/\(set.names[0])")
  }

  /// - Parameter isOnly: is it all that the folder holds? The configuration is then its own, whatever it is called.
  private func adapter(_ set: WeightSet, isOnly: Bool = false) throws(Failure) -> ModelSource.Content {
    let isConfigured = isOnly || WeightNames.adapterNames.contains(set.stem)
    return .adapter(
      .init(path: "\(path)/\(set.names[0])", prefix: "", tensors: nil),
      configuration: isConfigured ? try adapterConfiguration() : "")
  }

  /// Empty for an adapter without one.
  private func adapterConfiguration() throws(Failure) -> String {
    let name = "adapter_config.json"
    guard names.contains(name) else { return "" }
    do throws(BoundedFile.Problem) {
      let text = try BoundedFile.read("\(path)/\(name)", limit: Self.largestConfiguration)
      return String(decoding: text, as: UTF8.self)
    } catch {
      throw .badInput("'\(path.printable)/\(name)' cannot be read: \(error)", advice: "download it again")
    }
  }

  // MARK: What is not read

  /// Folders below a model that hold the same weights in another layout, or parts that are no models by themselves.
  func isPartOfModel(_ name: String) -> Bool {
    if Self.sameModel.contains(name.lowercased()) || name.hasPrefix("consolidated") || name.hasPrefix("global_step")
      || name.hasPrefix("pytorch_model_fsdp_")
    {
      return true
    }
    // sentence-transformers numbers the modules that follow the network: `1_Pooling`, `2_Dense`.
    return names.contains("modules.json") && name.first?.isNumber == true && name.contains("_")
  }

  private static let sameModel: Set<String> = [
    "original", "metal", "onnx", "openvino", "coreml", "tensorrt", "tflite", "gguf",
  ]

  /// What holds weights in a form that is not read, and what each is.
  var foreign: [(name: String, what: String)] {
    names.compactMap { name in WeightNames.foreign(name).map { (name, $0) } }
  }

  /// A download that has not finished; nil when there is none.
  var unfinished: String? {
    if let name = names.first(where: { WeightNames.isUnfinished($0) && !$0.hasPrefix("._") }) { return name }
    guard isOfHubCache, let blobs = try? FolderListing(path: "\(path)/blobs") else { return nil }
    return blobs.names.first(where: WeightNames.isUnfinished).map { "blobs/\($0)" }
  }

  /// Is it the folder of a repository in a hub's cache? Its models are the snapshots.
  var isOfHubCache: Bool { names.contains("snapshots") && HubCache.isRepository((path as NSString).lastPathComponent) }

  /// The file that describes a network whose weights should be in the folder; nil when there is none.
  var description: String? {
    ["config.json", "model_index.json", "adapter_config.json", "params.json"].first { names.contains($0) }
  }

  /// Everything at any depth that looks like weights. Links to folders count as such: they may lead anywhere, and in
  /// circles.
  static func weights(below folder: String, as name: String, depth: Int = 0) -> [String] {
    guard depth < mostDepth, let names = (try? FolderListing(path: folder))?.names else { return [] }
    var found: [String] = []
    for entry in names {
      let path = "\(folder)/\(entry)"
      if WeightNames.foreign(entry) != nil {
        found.append("\(name)/\(entry)")
      } else if FileStatus.isFolder(path) {
        guard !FileStatus.isLink(path) else {
          found.append("\(name)/\(entry)")
          continue
        }
        found += weights(below: path, as: "\(name)/\(entry)", depth: depth + 1)
      } else if WeightNames.isReadable(entry) {
        found.append("\(name)/\(entry)")
      }
    }
    return found
  }

  private static let mostDepth = 8

  /// The same of a folder that may itself be a link: of its target, only what lies directly in it.
  static func weights(belowAnyOf folder: String, as name: String) -> [String] {
    weights(below: folder, as: name, depth: FileStatus.isLink(folder) ? mostDepth - 1 : 0)
  }

  // MARK: Runs

  /// Is it the directory of a run? What a run keeps there are not models.
  var isOfARun: Bool { names.contains("journal.sqlite") || names.contains("run.json") && names.contains("store") }

  /// What a run keeps in its directory and a search would take for models.
  static let ofARun: Set<String> = ["store", ".store-new", "results.h5"]
}
