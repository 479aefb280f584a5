internal import Core
package import Storage
internal import System

/// A low-rank adapter that is not merged into its base: W = W_base + scale B A for some weights.
package struct Adapter: Sendable, Hashable {
  /// The change of one weight matrix.
  package struct Update: Sendable, Hashable {
    /// As the adapter names the weight, wrappers in front included.
    package var weight: String
    /// A, rank x columns.
    package var down: StoredTensor
    /// B, rows x rank.
    package var up: StoredTensor
    package var scale: Double
    /// The weight is stored as (columns, rows).
    package var isTransposed: Bool

    package var rank: Int { down.shape.rows }
    /// Of the weight as it is stored.
    package var rows: Int { isTransposed ? down.shape.columns : up.shape.rows }
    package var columns: Int { isTransposed ? up.shape.rows : down.shape.columns }
    package var bytes: Int { down.bytes + up.bytes }
  }

  package var updates: [Update]
  /// The base that the uploader names: a hint, never trusted.
  package var declaredBase: String?
  /// What it holds beside updates and is passed over, in plain words.
  package var notes: [String] = []
  /// No model of the collection has the weights that it changes: it is compared with other adapters like it.
  package var isWithoutBase = false

  package var rank: Int { updates.map(\.rank).max() ?? 0 }

  /// Takes the factors out of an adapter's tensors; what is left are weights that it replaces whole.
  ///
  /// - Parameters:
  ///   - tensors: of the adapter; the factors are removed.
  ///   - configuration: the text of adapter_config.json; empty without one.
  ///   - metadata: what the file itself says, as GGUF files do.
  ///   - path: of the adapter, for messages.
  /// - Throws: `Failure` (bad input) when a factor lacks its other half or they do not fit, or when it is an adapter of
  ///   another kind.
  init(
    takingFrom tensors: inout [StoredTensor], configuration: String, metadata: [String: String], path: String
  ) throws(Failure) {
    let config = try AdapterConfig(json: configuration, metadata: metadata, path: path)
    let parts = Parts(tensors)
    updates = []
    for module in parts.order {
      guard let found = parts.found[module], !found.isIncidental else { continue }
      guard found[.middle] == nil else {
        notes.append("the change of '\(module.printable)' has a third factor; it is passed over")
        continue
      }
      guard !found.isStacked else {
        notes.append("the change of the stacked experts '\(module.printable)' is passed over")
        continue
      }
      let isTable = found[.tableDown] != nil || found[.tableUp] != nil
      guard let down = found[isTable ? .tableDown : .down], let up = found[isTable ? .tableUp : .up],
        down.shape.rank >= 2, up.shape.rank >= 2, up.shape.columns == down.shape.rows
      else {
        throw .badInput(
          "'\(path.printable)': the factors lora_A and lora_B of '\(module.printable)' are not both there, or do not fit",
          advice: "download the adapter again")
      }
      let alpha = try found[.alpha].flatMap { $0.shape.elements == 1 ? $0 : nil }?.values().first.map(Double.init)
      updates.append(
        Update(
          weight: "\(module).weight", down: down, up: up,
          scale: config.scale(of: module, rank: down.shape.rows, alpha: alpha),
          isTransposed: isTable != config.isTransposed))
    }
    let others = Set(tensors.compactMap { FactorName.otherKind($0.name) }).sorted()
    guard !updates.isEmpty else {
      throw .badInput(
        others.isEmpty
          ? "'\(path.printable)' is an adapter without lora_A and lora_B"
          : "'\(path.printable)' is an adapter of the type '\(others.joined(separator: ", "))', and only the factors of LoRA are read",
        advice: "merge it into its base, and give the merged model")
    }
    for kind in others { notes.append("is an adapter of the type '\(kind)' in part; that part is passed over") }
    if parts.magnitudes > 0 {
      notes.append(
        "\(counted(parts.magnitudes, "vector")) of lengths (DoRA) \(parts.magnitudes == 1 ? "is" : "are") passed over: the directions of its changes are compared"
      )
    }
    declaredBase = config.declaredBase
    tensors = parts.rest
  }

  /// The tensors of an adapter by the modules that they change.
  private struct Parts {
    struct Module {
      var tensors: [FactorName.Part: StoredTensor] = [:]

      subscript(part: FactorName.Part) -> StoredTensor? { tensors[part] }

      /// Three axes in both factors: llama.cpp's experts, one after the other.
      var isStacked: Bool { [.down, .up].allSatisfy { tensors[$0]?.shape.rank == 3 } }

      /// Nothing but what belongs to factors that are elsewhere or of another kind.
      var isIncidental: Bool { tensors.keys.allSatisfy { $0 == .alpha || $0 == .magnitude } }
    }

    /// In the order of the file.
    var order: [String] = []
    var found: [String: Module] = [:]
    var rest: [StoredTensor] = []
    var magnitudes = 0

    init(_ tensors: [StoredTensor]) {
      for tensor in tensors {
        guard FactorName.otherKind(tensor.name) == nil else { continue }
        guard let name = FactorName(tensor.name) else {
          rest.append(tensor)
          continue
        }
        if name.part == .magnitude { magnitudes += 1 }
        if found[name.module] == nil { order.append(name.module) }
        let (part, factor) = name.part == .tableRows ? (.tableDown, tensor.turned) : (name.part, tensor)
        found[name.module, default: Module()].tensors[part] = factor
      }
    }
  }
}

extension StoredTensor {
  /// The transposed matrix; what is no matrix as it is.
  fileprivate var turned: StoredTensor {
    guard shape.rank == 2, let turned = TensorShape(shape.extents.reversed()) else { return self }
    return StoredTensor(name: name, shape: turned, recipe: .transposed(recipe))
  }
}
