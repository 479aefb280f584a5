internal import Checkpoints
internal import Core
internal import Naming
internal import Storage
internal import System

/// Finds which layers of one model are which of another by their content, where models of one kind
/// have different numbers of layers: after pruning in depth, and after up-scaling by repeated layers.
///
/// A few hundred weights per layer are read for it. Fine-tunes keep them nearly as they are (cosine
/// above 0.9); those of strangers are orthogonal up to 1/16.
enum LayerMatching {
  /// Mean cosine of the best matches above which two stacks are the same one.
  private static let likeness: Float = 0.5
  /// Cosine below which a layer has no counterpart.
  private static let layerLikeness: Float = 0.4
  /// Models of another number of layers that one is compared with.
  private static let most = 64

  /// Gives the layers of shorter and longer models the numbers that they have in the others.
  static func align(_ maps: inout [AlignmentMap], of models: [ModelRecord]) throws(Failure) {
    var stacks: [Int: LayerStack] = [:]
    for (number, model) in models.enumerated() where model.adapter == nil {
      stacks[number] = LayerStack(model, maps[number])
    }
    for (_, members) in Dictionary(grouping: stacks.keys.sorted(), by: { stacks[$0]?.kind ?? "" }) {
      try align(members, stacks, &maps)
    }
  }

  private static func align(
    _ members: [Int], _ stacks: [Int: LayerStack], _ maps: inout [AlignmentMap]
  ) throws(Failure) {
    let byCount = Dictionary(grouping: members) { stacks[$0]?.layers.count ?? 0 }
    guard byCount.count > 1 else { return }
    // The commonest number of layers names the others', of two equally common ones the larger.
    let order = byCount.sorted { ($1.value.count, $1.key) < ($0.value.count, $0.key) }
    var prints: [Int: [[Float]]] = [:]
    for member in members { prints[member] = try stacks[member]?.prints() ?? [] }
    var known: [Int] = []
    // Per model: what each of its layers is.
    var found: [Int: [CanonicalLayer]] = [:]
    for (_, group) in order {
      for member in group {
        guard let stack = stacks[member] else { continue }
        var layers = stack.layers.map { CanonicalLayer($0) }
        if let match = best(prints[member] ?? [], known.prefix(most), prints), let others = found[match.model] {
          layers = distinct(
            match.layers.enumerated().map { place, other in
              other.map { others[$0] } ?? CanonicalLayer(stack.layers[place], isUnmatched: true)
            })
        }
        found[member] = layers
        maps[member].place(stack, at: layers)
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

  /// A layer that comes again counts as a copy.
  private static func distinct(_ layers: [CanonicalLayer]) -> [CanonicalLayer] {
    var taken: Set<CanonicalLayer> = []
    return layers.map { layer in
      var layer = layer
      while !taken.insert(layer).inserted { layer.copy += 1 }
      return layer
    }
  }
}

extension AlignmentMap {
  /// Gives the layers of a stack their places among the aligned models.
  fileprivate mutating func place(_ stack: LayerStack, at places: [CanonicalLayer]) {
    layers = zip(stack.layers, places).map { LayerCorrespondence(own: $0, canonical: $1) }
    let moved = Dictionary(
      uniqueKeysWithValues: layers.filter { $0.canonical != CanonicalLayer($0.own) }
        .map { ($0.own, $0.canonical) })
    guard !moved.isEmpty else { return }
    for index in tensors.indices where tensors[index].stack == stack.prefix {
      if let own = tensors[index].layer, let place = moved[own.number] { tensors[index].layer = place }
    }
  }
}
