internal import Checkpoints
internal import Core
internal import Naming
internal import Storage

/// Finds what the updates of adapters change, where adapters call weights otherwise than models do: kohya's scripts
/// write underscores for dots, and every tool has its own names in front.
struct AdapterTargets {
  /// A weight as its model has it.
  private struct Target {
    var tensor: CanonicalTensor
    /// nil where the weight is part of a fused one.
    var shape: TensorShape?
  }

  /// By canonical name.
  private var known: Set<String> = []
  /// By every end of the names of modules, with underscores for dots.
  private var ends: [String: [Target]] = [:]

  /// Gives updates the canonical tensors of the collection that they change, and the adapters of which no model has a
  /// single weight their factors as tensors, so that they are compared with each other.
  static func resolve(_ models: inout [ModelRecord], _ maps: inout [AlignmentMap]) {
    let adapters = models.indices.filter { models[$0].adapter != nil }
    guard !adapters.isEmpty else { return }
    var targets = AdapterTargets()
    for (number, model) in models.enumerated() where model.adapter == nil {
      guard number == 0 || maps[number].tensors != maps[number - 1].tensors else { continue }
      targets.addNames(maps[number])
    }
    let isComplete = adapters.allSatisfy { maps[$0].updates.allSatisfy { targets.known.contains($0.name) } }
    if !isComplete {
      for (number, model) in models.enumerated() where model.adapter == nil {
        guard number == 0 || maps[number].tensors != maps[number - 1].tensors else { continue }
        targets.addEnds(model, maps[number])
      }
    }
    var alone: [Int] = []
    for adapter in adapters {
      guard let updates = models[adapter].adapter?.updates else { continue }
      var isKnown = false
      for (place, update) in updates.enumerated() {
        let tensor = maps[adapter].updates[place]
        let results = tensor.rearrangement?.results ?? [tensor.name]
        if targets.known.contains(tensor.name) || results.contains(where: targets.known.contains) {
          isKnown = true
        } else if let found = targets.target(of: update) {
          maps[adapter].updates[place] = found
          isKnown = true
        }
      }
      if !isKnown { alone.append(adapter) }
    }
    guard alone.count > 1 else { return }
    for adapter in alone { maps[adapter].addFactors(&models[adapter]) }
  }

  private mutating func addNames(_ map: AlignmentMap) {
    for tensor in map.tensors {
      known.insert(tensor.name)
      known.formUnion(tensor.rearrangement?.results ?? [])
    }
  }

  private mutating func addEnds(_ model: ModelRecord, _ map: AlignmentMap) {
    for (stored, tensor) in zip(model.tensors, map.tensors) where stored.shape.rank >= 2 {
      for name in [tensor.name] + CanonicalNaming.aliases(of: tensor.name) {
        add(name, Target(tensor: tensor, shape: stored.shape))
      }
      if tensor.name != stored.name { add(stored.name, Target(tensor: tensor, shape: stored.shape)) }
      for result in tensor.rearrangement?.results ?? [] {
        add(result, Target(tensor: CanonicalTensor(name: result, shape: stored.shape), shape: nil))
      }
    }
  }

  private mutating func add(_ name: String, _ target: Target) {
    var parts = name.split(separator: ".")
    if parts.last == "weight" { parts.removeLast() }
    for start in parts.indices {
      let end = parts[start...].joined(separator: "_")
      // The whole of a long name, or at least a layer's number and two parts more: shorter ends are everywhere.
      guard start == 0 || parts.count - start >= 3 else { break }
      if !(ends[end]?.contains { $0.tensor == target.tensor } ?? false) { ends[end, default: []].append(target) }
    }
  }

  /// The weight with the longest end in common and the right shape.
  private func target(of update: Adapter.Update) -> CanonicalTensor? {
    var name = update.weight[...]
    if name.hasSuffix(".weight") { name = name.dropLast(7) }
    var rest = String(CanonicalName.of(String(name)).map { $0 == "." ? "_" : $0 })[...]
    while !rest.isEmpty {
      let found = ends[String(rest)] ?? []
      let fitting = found.filter { target in
        target.shape.map {
          $0.rows == update.rows && $0.columns == update.columns
            || target.tensor.rearrangement != nil && $0.elements == update.rows * update.columns
        } ?? true
      }
      if let first = fitting.first {
        // The second text encoder of a pipeline comes after the first.
        return name.hasPrefix("lora_te2_") ? fitting.last?.tensor : first.tensor
      }
      guard let cut = rest.firstIndex(of: "_") else { return nil }
      rest = rest[rest.index(after: cut)...]
    }
    return nil
  }
}

extension AlignmentMap {
  /// Makes tensors of the factors of an adapter.
  fileprivate mutating func addFactors(_ model: inout ModelRecord) {
    guard let adapter = model.adapter else { return }
    for (update, changed) in zip(adapter.updates, updates) {
      for (factor, ending) in [(update.down, ".lora_A"), (update.up, ".lora_B")] {
        model.tensors.append(factor)
        tensors.append(CanonicalTensor(name: changed.name + ending, shape: factor.shape))
      }
    }
    model.adapter?.isWithoutBase = true
  }
}
