internal import Core
internal import Foundation
internal import System

/// Recognises the layouts in which a folder holds one model.
struct ModelFolder {
  let path: String
  let names: [String]

  init(path: String) throws(Failure) {
    self.path = path
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw .badInput(
        "cannot list the folder '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "see that it exists and may be read")
    }
  }

  /// The files of the model in this folder; nil when the folder itself holds none.
  func model() throws(Failure) -> [ModelSource.File]? {
    if let files = try weights(prefix: "") { return files }
    return try pipeline()
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
    let index: Index
    do {
      index = try JSONDecoder().decode(
        Index.self, from: Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    } catch {
      throw .badInput(
        "'\(path.printable)/\(name)' is no index of a sharded model (no readable 'weight_map')",
        advice: "download it again")
    }
    let files = Dictionary(grouping: index.weight_map.keys) { index.weight_map[$0] ?? "" }
    var found: [ModelSource.File] = []
    for (file, tensors) in files.sorted(by: { $0.key < $1.key }) {
      // The index comes from strangers: it may name its own folder's files and nothing else.
      guard !file.contains("/"), file != "..", !file.isEmpty else {
        throw .badInput(
          "'\(path.printable)/\(name)' points outside its folder: '\(file.printable)'",
          advice: "do not use this model, or mend its index")
      }
      guard names.contains(file) else {
        throw .badInput(
          "'\(path.printable)' lacks '\(file.printable)', which its index names for \(tensors.count) tensors",
          advice: "download the missing part")
      }
      found.append(.init(path: "\(path)/\(file)", prefix: prefix, tensors: Set(tensors)))
    }
    guard !found.isEmpty else {
      throw .badInput("'\(path.printable)/\(name)' names no tensors", advice: "download it again")
    }
    return found
  }

  /// A diffusers pipeline: components in folders of their own, each under its name as prefix.
  private func pipeline() throws(Failure) -> [ModelSource.File]? {
    guard names.contains("model_index.json") || holdsComponents else { return nil }
    var files: [ModelSource.File] = []
    for name in names where ModelFinder.isFolder("\(path)/\(name)") {
      let component = try ModelFolder(path: "\(path)/\(name)")
      if let found = try component.weights(prefix: "\(name).") { files += found }
    }
    return files.isEmpty ? nil : files
  }

  private var holdsComponents: Bool {
    ["unet", "transformer", "prior", "vae"].contains { component in
      let folder = try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(component)")
      return folder?.contains { $0.hasPrefix("diffusion_pytorch_model") } ?? false
    }
  }

  /// Weights in formats that are not read, for the note that says so.
  var foreignWeights: [String] {
    names.filter { name in
      [".bin", ".pt", ".pth", ".ckpt", ".gguf", ".msgpack", ".onnx"].contains { name.hasSuffix($0) }
    }
  }
}
