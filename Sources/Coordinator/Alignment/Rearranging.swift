internal import Checkpoints
internal import Core
internal import Naming
internal import Storage
internal import System

/// Takes apart what one model stores as one tensor and another as several, and undoes orders of rows and columns.
///
/// Nothing is done where all models of a collection store a tensor the same way.
struct Rearranging {
  private var models: [ModelRecord]
  private var maps: [AlignmentMap]
  /// Models with the same tensors, by the first of them.
  private let groups: [(first: Int, members: [Int])]

  /// - Parameter takesAll: also what all of the collection store the same way.
  /// - Returns: the models with their tensors taken apart, and where their tensors are.
  static func apply(
    to models: [ModelRecord], _ maps: [AlignmentMap], takesAll: Bool = false
  ) throws(Failure) -> (models: [ModelRecord], maps: [AlignmentMap]) {
    guard maps.contains(where: \.holdsRearranged) else { return (models, maps) }
    var rearranging = Rearranging(models, maps)
    let needed = rearranging.needed(takesAll: takesAll)
    guard !needed.isEmpty else { return (models, maps) }
    try rearranging.rearrange(needed)
    return (rearranging.models, rearranging.maps)
  }

  /// Takes apart all that a model stores in another way than the canonical one, whatever other models do. What depends
  /// on the size of heads stays as it is where the model's own files do not say it.
  static func alone(_ model: ModelRecord, _ map: AlignmentMap) throws(Failure) -> (ModelRecord, AlignmentMap) {
    guard map.holdsRearranged else { return (model, map) }
    var rearranging = Rearranging([model], [map])
    let results = map.tensors.compactMap(\.rearrangement).flatMap(\.results)
    try rearranging.rearrange(Set(results.map { CanonicalTensor.template(of: $0) }))
    return (rearranging.models[0], rearranging.maps[0])
  }

  private init(_ models: [ModelRecord], _ maps: [AlignmentMap]) {
    self.models = models
    self.maps = maps
    var groups: [(first: Int, members: [Int])] = []
    for (number, map) in maps.enumerated() {
      if let place = groups.lastIndex(where: {
        maps[$0.first].tensors == map.tensors && maps[$0.first].updates == map.updates
      }) {
        groups[place].members.append(number)
      } else {
        groups.append((number, [number]))
      }
    }
    self.groups = groups
  }

  /// Templates of canonical names that models store in more than one way, or in another one than the canonical.
  private func needed(takesAll: Bool) -> Set<String> {
    var ways: [String: Set<[Rearrangement.Step]>] = [:]
    var names: [String: String] = [:]
    func template(_ name: String) -> String {
      if let known = names[name] { return known }
      let text = CanonicalTensor.template(of: name)
      names[name] = text
      return text
    }
    for group in groups {
      for tensor in maps[group.first].tensors + maps[group.first].updates {
        if let rearrangement = tensor.rearrangement {
          for result in rearrangement.results { ways[template(result), default: []].insert(rearrangement.steps) }
        } else {
          ways[template(tensor.name), default: []].insert([])
        }
      }
    }
    return Set(ways.filter { $0.value.count > 1 || takesAll && $0.value != [[]] }.keys)
  }

  private mutating func rearrange(_ needed: Set<String>) throws(Failure) {
    // What does not depend on the size of heads comes first; it serves as an example for the rest.
    var open: [Int] = []
    for (number, group) in groups.enumerated() {
      let chosen = maps[group.first].tensors.indices.filter {
        maps[group.first].tensors[$0].rearrangement?.isAny(of: needed) ?? false
      }
      let updates = maps[group.first].updates.contains { $0.rearrangement?.isAny(of: needed) ?? false }
      guard !chosen.isEmpty || updates else { continue }
      if chosen.contains(where: { maps[group.first].tensors[$0].rearrangement?.needsHeadSize ?? false }) {
        open.append(number)
      } else {
        for member in group.members { takeApart(member, needed, pieces(ofAdapter: member)) }
      }
    }
    for number in open {
      for member in groups[number].members {
        let facts = NetworkFacts(models[member])
        var pieces = TensorPieces(queries: facts.queries, headSize: facts.headSize, rotarySize: facts.rotarySize)
        // What relatives show counts for more than what a configuration says.
        if let found = try HeadSizeSearch(models, maps, examples: examples(from: open, number))
          .size(of: member, needed, facts)
        {
          (pieces.headSize, pieces.rotarySize) = (found, found)
        }
        takeApart(member, needed, pieces)
      }
    }
  }

  /// How heads lie in the rows that an adapter changes, which its own file seldom says: as in the models that have weights
  /// of the same names and sizes, where all of them that say it agree.
  private func pieces(ofAdapter number: Int) -> TensorPieces {
    guard let adapter = models[number].adapter else { return TensorPieces() }
    let facts = NetworkFacts(models[number])
    if let size = facts.headSize {
      return TensorPieces(queries: facts.queries, headSize: size, rotarySize: facts.rotarySize)
    }
    var rows: [String: Int] = [:]
    for (update, tensor) in zip(adapter.updates, maps[number].updates)
    where tensor.rearrangement?.needsHeadSize ?? false {
      for result in tensor.rearrangement?.results ?? [] { rows[result] = update.rows }
    }
    var found: Set<[Int]> = []
    for (other, model) in models.enumerated() where model.adapter == nil {
      let own = NetworkFacts(model)
      guard let size = own.headSize, let queries = own.queries else { continue }
      let isBase = zip(model.tensors, maps[other].tensors).contains { stored, tensor in
        (tensor.rearrangement?.results ?? [tensor.name]).contains { rows[$0] == stored.shape.rows }
      }
      if isBase { found.insert([size, queries]) }
    }
    guard found.count == 1, let only = found.first else { return TensorPieces(rotarySize: facts.rotarySize) }
    return TensorPieces(queries: only[1], headSize: only[0], rotarySize: facts.rotarySize ?? only[0])
  }

  /// Models whose tensors are as the canonical ones already.
  private func examples(from open: [Int], _ now: Int) -> [Int] {
    let waiting = Set(open.drop { $0 < now }.flatMap { groups[$0].members })
    return models.indices.filter { !waiting.contains($0) && models[$0].adapter == nil }
  }

  private mutating func takeApart(_ number: Int, _ needed: Set<String>, _ pieces: TensorPieces) {
    var tensors: [StoredTensor] = []
    var canonical: [CanonicalTensor] = []
    var origins: [Int: TensorOrigin] = [:]
    let model = models[number]
    var taken = Set(model.tensors.map { ByteString($0.name) })
    let there = Set(maps[number].tensors.filter { $0.rearrangement == nil }.map(\.name))
    let widths = Widths(model)
    for (stored, tensor) in zip(model.tensors, maps[number].tensors) {
      guard model.adapter == nil, let rearrangement = tensor.rearrangement, rearrangement.isAny(of: needed),
        !rearrangement.results.contains(where: there.contains),
        let made = pieces.pieces(of: stored, rearrangement, columns: widths.columns(of: stored))
      else {
        tensors.append(stored)
        canonical.append(tensor)
        continue
      }
      for var part in made {
        origins[tensors.count] = TensorOrigin(
          name: stored.name, steps: rearrangement.steps, isPart: made.count > 1)
        canonical.append(CanonicalTensor(name: part.name, shape: part.shape))
        // A tensor that remains one keeps the name that people know it by.
        if made.count == 1 {
          part.name = stored.name
        } else if !taken.insert(ByteString(part.name)).inserted {
          part.name = "\(stored.name)#\(part.name)"
        }
        tensors.append(part)
      }
    }
    models[number].tensors = tensors
    maps[number].tensors = canonical
    maps[number].origins = origins
    takeApartUpdates(number, needed, pieces)
  }

  /// A change of a fused weight is one of each of its parts: the rows of B go with those of the weight.
  private mutating func takeApartUpdates(_ number: Int, _ needed: Set<String>, _ pieces: TensorPieces) {
    guard let updates = models[number].adapter?.updates else { return }
    var made: [Adapter.Update] = []
    var canonical: [CanonicalTensor] = []
    for (update, tensor) in zip(updates, maps[number].updates) {
      guard let rearrangement = tensor.rearrangement, rearrangement.isAny(of: needed) else {
        made.append(update)
        canonical.append(tensor)
        continue
      }
      // B A is (out, in) always; only the weight may be stored the other way.
      let steps = rearrangement.steps.filter { $0 != .transpose && $0 != .squeeze }
      let rows =
        steps.isEmpty
        ? [update.up]
        : pieces.pieces(
          of: update.up, Rearrangement(steps: steps, results: rearrangement.results), columns: update.down.shape.columns
        )
      guard let rows, !steps.contains(.splitExperts) else {
        made.append(update)
        canonical.append(tensor)
        continue
      }
      for (part, name) in zip(rows, rearrangement.results) {
        var change = update
        change.up = part
        change.isTransposed = false
        made.append(change)
        canonical.append(
          CanonicalTensor(
            name: name, shape: TensorShape([part.shape.rows, update.down.shape.columns]) ?? tensor.shape))
      }
    }
    models[number].adapter?.updates = made
    maps[number].updates = canonical
  }
}

/// The columns of weights, for their biases.
private struct Widths {
  private let columns: [String: Int]

  init(_ model: ModelRecord) {
    columns = Dictionary(
      model.tensors.filter { $0.shape.rank == 2 }.map { ($0.name, $0.shape.columns) },
      uniquingKeysWith: { first, _ in first })
  }

  func columns(of tensor: StoredTensor) -> Int? {
    guard tensor.shape.rank == 1 else { return nil }
    for (ending, weight) in [(".bias", ".weight"), ("_bias", "_weight")] where tensor.name.hasSuffix(ending) {
      return columns[tensor.name.dropLast(ending.count) + weight]
    }
    return nil
  }
}

extension Rearrangement {
  /// Is one of its results among the templates?
  func isAny(of templates: Set<String>) -> Bool {
    results.contains { templates.contains(CanonicalTensor.template(of: $0)) }
  }

  var needsHeadSize: Bool { steps.contains(where: \.needsHeads) }
}
