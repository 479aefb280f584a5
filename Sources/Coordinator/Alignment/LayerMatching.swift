package import Checkpoints
internal import Core
internal import Storage
package import System

/// Finds which layers of one model are which of another by their content, where models of one kind
/// have different numbers of layers: after pruning in depth, and after up-scaling by repeated layers.
///
/// A few hundred weights per layer are read for it. Fine-tunes keep them nearly as they are (cosine
/// above 0.9); those of strangers are orthogonal up to 1/16.
package enum LayerMatching {
  /// Mean cosine of the best matches above which two stacks are the same one.
  private static let likeness: Float = 0.5
  /// Cosine below which a layer has no counterpart.
  private static let layerLikeness: Float = 0.4
  /// Models of another number of layers that one is compared with.
  private static let most = 64

  /// Gives the layers of shorter and longer models the numbers that they have in the others.
  package static func align(_ models: inout [ModelRecord]) throws(Failure) {
    var stacks: [Int: LayerStack] = [:]
    for (number, model) in models.enumerated() where model.adapter == nil {
      stacks[number] = LayerStack(model)
    }
    for (_, members) in Dictionary(grouping: stacks.keys.sorted(), by: { stacks[$0]?.kind ?? "" }) {
      try align(members, stacks, &models)
    }
  }

  private static func align(_ members: [Int], _ stacks: [Int: LayerStack], _ models: inout [ModelRecord])
    throws(Failure)
  {
    let byCount = Dictionary(grouping: members) { stacks[$0]?.layers.count ?? 0 }
    guard byCount.count > 1 else { return }
    // The commonest number of layers names the others', of two equally common ones the larger.
    let order = byCount.sorted { ($1.value.count, $1.key) < ($0.value.count, $0.key) }
    var prints: [Int: [[Float]]] = [:]
    for member in members { prints[member] = try stacks[member]?.prints() ?? [] }
    var known: [Int] = []
    // Per model: the name of each of its layers.
    var names: [Int: [String]] = [:]
    for (_, group) in order {
      for member in group {
        let own = stacks[member]?.layers.map(String.init) ?? []
        names[member] = own
        defer { models[member].layers = Set(names[member] ?? []) }
        guard let match = best(prints[member] ?? [], known.prefix(most), prints),
          let others = names[match.model], let stack = stacks[member]
        else { continue }
        names[member] = numbered(match.layers.enumerated().map { $1.map { others[$0] } ?? "\(own[$0])'" })
        rename(&models[member], stack, names[member] ?? own)
      }
      known += group
    }
  }

  /// The model whose layers are most like these, and which of them is which.
  private static func best(_ layers: [[Float]], _ known: ArraySlice<Int>, _ prints: [Int: [[Float]]]) -> (
    model: Int, layers: [Int?]
  )? {
    var best: (model: Int, layers: [Int?])?
    var highest = likeness
    for model in known {
      var found: [Int?] = []
      var total: Float = 0
      for layer in layers {
        let cosines = (prints[model] ?? []).map { zip(layer, $0).reduce(0) { $0 + $1.0 * $1.1 } }
        guard let place = cosines.indices.max(by: { (cosines[$0], $1) < (cosines[$1], $0) }) else { continue }
        total += cosines[place]
        found.append(cosines[place] > layerLikeness ? place : nil)
      }
      guard found.count == layers.count, total > highest * Float(layers.count) else { continue }
      highest = total / Float(layers.count)
      best = (model, found)
    }
    return best
  }

  /// A layer that comes again gets a name of its own.
  private static func numbered(_ names: [String]) -> [String] {
    var times: [String: Int] = [:]
    return names.map { name in
      times[name, default: 0] += 1
      let time = times[name] ?? 1
      return time == 1 ? name : "\(name)+\(time - 1)"
    }
  }

  private static func rename(_ model: inout ModelRecord, _ stack: LayerStack, _ names: [String]) {
    let new = Dictionary(uniqueKeysWithValues: zip(stack.layers, names))
    for (tensor, name) in zip(model.tensors, model.commonNames) {
      guard let place = LayerStack.place(name), place.prefix == stack.prefix, let layer = new[place.layer]
      else { continue }
      model.aliases[tensor.name] = "\(place.prefix)\(layer)\(place.rest)"
    }
  }
}
