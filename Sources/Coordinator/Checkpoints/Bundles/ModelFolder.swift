internal import Core
internal import Foundation
internal import System

/// Recognises the layouts in which a folder holds one model.
struct ModelFolder {
  let path: String
  let names: [String]
  /// Names that are not UTF-8, with escapes.
  let illegible: [String]

  /// Bytes of a JSON file that are read: a large model's index has some 10 MB.
  private static let largestIndex = 256 << 20
  private static let largestConfiguration = 1 << 20

  init(path: String) throws(Failure) {
    self.path = path
    let listing = try FolderListing(path: path)
    names = listing.names
    illegible = listing.illegible
  }

  /// The model in this folder; nil when the folder itself holds none.
  func model() throws(Failure) -> ModelSource.Content? {
    if let files = try weights(prefix: "") { return .weights(files) }
    if let files = try pipeline() { return .weights(files) }
    let adapter = "adapter_model.safetensors"
    guard names.contains(adapter) else { return try ggufModel() }
    return .adapter(
      .init(path: "\(path)/\(adapter)", prefix: "", tensors: nil), configuration: try adapterConfiguration())
  }

  /// The only model in GGUF; nil where there is none, or several, such as quantizations beside each other.
  private func ggufModel() throws(Failure) -> ModelSource.Content? {
    let whole = names.filter { name in
      name.hasSuffix(".gguf") && !isLaterPart(name) && FileStatus(path: "\(path)/\(name)")?.kind == .file
    }
    guard let name = whole.first, whole.count == 1 else { return nil }
    return .weights(try files(of: name))
  }

  /// The files of the model that a file is or is a part of.
  ///
  /// - Throws: `Failure` (bad input) when parts are missing.
  func files(of name: String) throws(Failure) -> [ModelSource.File] {
    let parts = GGUFPartName(name)?.all ?? [name]
    for part in parts where !names.contains(part) {
      throw .badInput(
        "'\(path.printable)' lacks '\(part.printable)', one of the \(parts.count) parts of a model in GGUF",
        advice: "download the missing part")
    }
    return parts.map { .init(path: "\(path)/\($0)", prefix: "", tensors: nil) }
  }

  /// Does the file belong to a model that starts in another one here?
  func isLaterPart(_ name: String) -> Bool {
    guard let part = GGUFPartName(name), part.number > 1 else { return false }
    return names.contains(part.all[0])
  }

  /// Empty for an adapter without one.
  private func adapterConfiguration() throws(Failure) -> String {
    let name = "adapter_config.json"
    guard names.contains(name) else { return "" }
    return String(decoding: try json(name, limit: Self.largestConfiguration), as: UTF8.self)
  }

  private func json(_ name: String, limit: Int) throws(Failure) -> Data {
    do throws(BoundedFile.Problem) {
      return try BoundedFile.read("\(path)/\(name)", limit: limit)
    } catch {
      throw .badInput(
        "'\(path.printable)/\(name.printable)' cannot be read: \(error)", advice: "download it again")
    }
  }

  /// One network: `model.safetensors`, its sharded form, or the same under diffusers' name.
  private func weights(prefix: String) throws(Failure) -> [ModelSource.File]? {
    for stem in ["model", "diffusion_pytorch_model"] {
      if names.contains("\(stem).safetensors") {
        return [.init(path: "\(path)/\(stem).safetensors", prefix: prefix, tensors: nil)]
      }
      if names.contains("\(stem).safetensors.index.json") {
        return try sharded(index: "\(stem).safetensors.index.json", prefix: prefix)
      }
      // Diffusers keeps precisions beside each other: `<stem>.fp16.safetensors`, or its parts.
      let variants = names.filter { $0.hasPrefix("\(stem).") && $0.hasSuffix(".safetensors") }
      if let whole = variants.first(where: { $0.split(separator: ".").count == 3 && !$0.contains("-of-") }) {
        return [.init(path: "\(path)/\(whole)", prefix: prefix, tensors: nil)]
      }
      if let index = names.first(where: {
        $0.hasPrefix("\(stem).") && $0.contains(".safetensors.index") && $0.hasSuffix(".json")
      }) {
        return try sharded(index: index, prefix: prefix)
      }
      let parts = variants + names.filter { $0.hasPrefix("\(stem)-00") && $0.hasSuffix(".safetensors") }
      if let part = parts.first(where: { $0.contains("-00") }) {
        throw .badInput(
          "'\(path.printable)' holds '\(part.printable)', one part of a sharded model, but no '\(stem).safetensors.index.json'",
          advice: "download the index file too")
      }
    }
    return nil
  }

  private struct Index: Decodable {
    var weight_map: [String: String]
  }

  private func sharded(index name: String, prefix: String) throws(Failure) -> [ModelSource.File] {
    let text = try json(name, limit: Self.largestIndex)
    let index: Index
    do {
      index = try JSONDecoder().decode(Index.self, from: text)
    } catch {
      throw .badInput(
        "'\(path.printable)/\(name.printable)' is not an index of a sharded model (no readable 'weight_map')",
        advice: "download it again")
    }
    let files = Dictionary(grouping: index.weight_map.keys) { index.weight_map[$0] ?? "" }
    var found: [ModelSource.File] = []
    for (file, tensors) in files.sorted(by: { $0.key < $1.key }) {
      // The index comes from strangers: it may name its own folder's files and nothing else.
      guard !file.contains("/"), file != "..", !file.isEmpty else {
        throw .badInput(
          "'\(path.printable)/\(name.printable)' points outside its folder: '\(file.printable)'",
          advice: "do not use this model, or correct its index")
      }
      guard names.contains(file) else {
        throw .badInput(
          "'\(path.printable)' lacks '\(file.printable)', which its index names for \(tensors.count) tensors",
          advice: "download the missing part")
      }
      found.append(.init(path: "\(path)/\(file)", prefix: prefix, tensors: Set(tensors)))
    }
    guard !found.isEmpty else {
      throw .badInput("'\(path.printable)/\(name.printable)' names no tensors", advice: "download it again")
    }
    return found
  }

  /// A diffusers pipeline: components in folders of their own, each under its name as prefix.
  private func pipeline() throws(Failure) -> [ModelSource.File]? {
    guard names.contains("model_index.json") || holdsComponents else { return nil }
    var files: [ModelSource.File] = []
    for name in names where FileStatus.isFolder("\(path)/\(name)") {
      let component = try ModelFolder(path: "\(path)/\(name)")
      if let found = try component.weights(prefix: "\(name).") { files += found }
    }
    return files.isEmpty ? nil : files
  }

  private var holdsComponents: Bool {
    ["unet", "transformer", "prior", "vae"].contains { component in
      names.contains(component)
        && (try? FolderListing(path: "\(path)/\(component)"))?.names
          .contains { $0.hasPrefix("diffusion_pytorch_model") } ?? false
    }
  }

  /// Weights in this folder and in the folders directly below it that no given file stands for.
  func unread(beside used: [ModelSource.File]) -> [String] {
    let used = Set(used.map { ByteString($0.path) })
    func isUnread(_ name: String, in folder: String) -> Bool {
      (WeightNames.isReadable(name) || WeightNames.isForeign(name)) && !used.contains(ByteString("\(folder)/\(name)"))
    }
    var unread = names.filter { isUnread($0, in: path) }
    for name in names {
      let below = "\(path)/\(name)"
      guard FileStatus.isFolder(below), let names = (try? FolderListing(path: below))?.names else { continue }
      unread += names.filter { isUnread($0, in: below) }.map { "\(name)/\($0)" }
    }
    return unread
  }

  /// Weights in formats that are not read.
  var foreignWeights: [String] { names.filter(WeightNames.isForeign) }

  /// Is it the directory of a run? What a run keeps there are not models.
  var isOfARun: Bool { names.contains("journal.sqlite") }

  /// What a run keeps in its directory and a search would take for models.
  static let ofARun: Set<String> = ["store", ".store-new", "results.h5"]
}
