internal import Checkpoints
internal import Core
internal import Naming
internal import Storage
internal import System

/// Finds which tensors of one model are which of another by their weights alone, where names say nothing: after an
/// exporter made up its own, or in a convention that no dialect describes.
///
/// A few hundred weights per matrix are read, and of a few models of each kind. Fine-tunes keep them nearly as they are;
/// those of strangers are orthogonal up to 1/16. Numbers of layers may differ, and matrices may be transposed.
struct ContentMatching {
  /// Cosine above which two matrices are the same one.
  private static let likeness: Float = 0.6
  /// Models of a kind whose weights are looked at.
  private static let members = 4
  /// Kinds that are compared with each other, those of most models first.
  private static let kinds = 24
  /// Matrices of a model that are looked at.
  private static let matrices = 2048
  /// Share of the smaller model's matrices that must be found again.
  private static let share = 0.3

  private var models: [ModelRecord]
  private var maps: [AlignmentMap]
  /// By model: of its matrices, by their places.
  private var prints: [Int: [Int: WeightPrint]] = [:]

  /// - Returns: the models, some with transposed or reshaped tensors, and their maps.
  static func apply(to models: [ModelRecord], _ maps: [AlignmentMap]) throws(Failure) -> (
    models: [ModelRecord], maps: [AlignmentMap]
  ) {
    var matching = ContentMatching(models: models, maps: maps)
    try matching.align()
    return (matching.models, matching.maps)
  }

  private init(models: [ModelRecord], maps: [AlignmentMap]) {
    self.models = models
    self.maps = maps
  }

  /// Models whose tensors have the same names and shapes.
  private struct Kind {
    var members: [Int]
    /// Canonical tensors with a spectrum, by their places.
    var matrices: [Int]
  }

  private mutating func align() throws(Failure) {
    let kinds = kinds().prefix(Self.kinds)
    guard kinds.count > 1 else { return }
    for (place, kind) in kinds.enumerated() {
      // Of all kinds before it, the one that explains most of what names have left open.
      var best: (match: Match, other: Int)?
      for other in kinds[..<place] where isOpen(kind, other) {
        guard let match = try match(kind, other) else { continue }
        if match.pairs.count > best?.match.pairs.count ?? 0 { best = (match, other.members[0]) }
      }
      if let best { rename(kind, best.match) }
    }
  }

  private func kinds() -> [Kind] {
    var groups: [[CanonicalTensor]: [Int]] = [:]
    var order: [[CanonicalTensor]] = []
    for (number, model) in models.enumerated() where model.adapter == nil {
      let tensors = maps[number].tensors
      if groups[tensors] == nil { order.append(tensors) }
      groups[tensors, default: []].append(number)
    }
    let kinds = order.map { tensors in
      Kind(
        members: groups[tensors] ?? [],
        matrices: Array(
          tensors.indices.filter { tensors[$0].shape.rank >= 2 && tensors[$0].role != .vector }.prefix(Self.matrices)))
    }
    return kinds.enumerated().sorted { ($1.element.members.count, $0.offset) < ($0.element.members.count, $1.offset) }
      .map(\.element)
  }

  /// Do names and shapes leave most of the smaller model open, and could shapes fit?
  private func isOpen(_ kind: Kind, _ other: Kind) -> Bool {
    let (ours, theirs) = (maps[kind.members[0]].tensors, maps[other.members[0]].tensors)
    let smaller = min(kind.matrices.count, other.matrices.count)
    let known = Set(other.matrices.map { theirs[$0] })
    guard smaller > 1, 2 * kind.matrices.count(where: { known.contains(ours[$0]) }) < smaller else { return false }
    let sizes = Set(other.matrices.map { Self.size(theirs[$0].shape) })
    return Double(kind.matrices.count { sizes.contains(Self.size(ours[$0].shape)) }) >= Self.share * Double(smaller)
  }

  /// What a transposition leaves.
  private static func size(_ shape: TensorShape) -> [Int] {
    [min(shape.rows, shape.columns), max(shape.rows, shape.columns)]
  }

  /// Which matrices of one model are which of another.
  private struct Match {
    struct Pair {
      /// Places among the tensors of the two models.
      var own: Int
      var other: Int
      var isTurned: Bool
      var likeness: Float
    }

    var pairs: [Pair]
    /// The model whose names they get.
    var model: Int
  }

  private mutating func match(_ kind: Kind, _ other: Kind) throws(Failure) -> Match? {
    for own in kind.members.prefix(Self.members) {
      for model in other.members.prefix(Self.members) {
        let (ours, theirs) = (try prints(of: own, kind), try prints(of: model, other))
        let pairs = pairs(kind, own, ours, other, model, theirs)
        if pairs.count > 1, Double(pairs.count) >= Self.share * Double(min(kind.matrices.count, other.matrices.count)) {
          var match = Match(pairs: pairs, model: model)
          try addVectors(kind, own, &match)
          return match
        }
      }
    }
    return nil
  }

  /// Vectors that no module's name tells: gains of norms, positions, single tokens.
  private mutating func addVectors(_ kind: Kind, _ own: Int, _ match: inout Match) throws(Failure) {
    let (ours, theirs) = (maps[own].tensors, maps[match.model].tensors)
    func vectors(_ tensors: [CanonicalTensor]) -> [Int] {
      Array(
        tensors.indices.filter { tensors[$0].shape.rank < 2 && tensors[$0].shape.elements > 1 }.prefix(Self.matrices))
    }
    let taken = Set(match.pairs.map { Self.module(ours[$0.own].name) })
    let given = Set(match.pairs.map { Self.module(theirs[$0.other].name) })
    let open = vectors(ours).filter { !taken.contains(Self.module(ours[$0].name)) }
    let left = vectors(theirs).filter { !given.contains(Self.module(theirs[$0].name)) }
    var examples: [(place: Int, print: WeightPrint)] = []
    for place in left { examples.append((place, try WeightPrint(models[match.model].tensors[place]))) }
    var found: [Match.Pair] = []
    for place in open {
      let print = try WeightPrint(models[own].tensors[place])
      for example in examples where theirs[example.place].shape == ours[place].shape {
        let likeness = print.vectorLikeness(example.print)
        if likeness > Self.likeness {
          found.append(.init(own: place, other: example.place, isTurned: false, likeness: likeness))
        }
      }
    }
    match.pairs += Self.distinct(found)
  }

  private mutating func prints(of model: Int, _ kind: Kind) throws(Failure) -> [Int: WeightPrint] {
    if let known = prints[model] { return known }
    var made: [Int: WeightPrint] = [:]
    for place in kind.matrices { made[place] = try WeightPrint(models[model].tensors[place]) }
    prints[model] = made
    return made
  }

  private func pairs(
    _ kind: Kind, _ own: Int, _ ours: [Int: WeightPrint], _ other: Kind, _ model: Int, _ theirs: [Int: WeightPrint]
  ) -> [Match.Pair] {
    let bySize = Dictionary(grouping: other.matrices) { Self.size(maps[model].tensors[$0].shape) }
    var found: [Match.Pair] = []
    for place in kind.matrices {
      let shape = maps[own].tensors[place].shape
      for there in bySize[Self.size(shape)] ?? [] {
        guard let print = ours[place], let example = theirs[there] else { continue }
        let straight = print.likeness(example)
        if straight > Self.likeness {
          found.append(.init(own: place, other: there, isTurned: false, likeness: straight))
        }
        let turned = print.turnedLikeness(example)
        let theirShape = maps[model].tensors[there].shape
        if turned > max(Self.likeness, straight), shape.rows == theirShape.columns {
          found.append(.init(own: place, other: there, isTurned: true, likeness: turned))
        }
      }
    }
    return Self.distinct(found)
  }

  /// The likeliest first, each tensor at most once.
  private static func distinct(_ pairs: [Match.Pair]) -> [Match.Pair] {
    var (taken, given): (Set<Int>, Set<Int>) = ([], [])
    let order = pairs.sorted { ($1.likeness, $0.own, $0.other) < ($0.likeness, $1.own, $1.other) }
    return order.filter { pair in
      guard !taken.contains(pair.own), !given.contains(pair.other) else { return false }
      taken.insert(pair.own)
      given.insert(pair.other)
      return true
    }
  }

  /// Gives the matrices of all models of a kind the places of the others, and their biases and norms too.
  private mutating func rename(_ kind: Kind, _ match: Match) {
    let theirs = maps[match.model].tensors
    var targets: [Int: (tensor: CanonicalTensor, isTurned: Bool)] = [:]
    var modules: [String: String] = [:]
    let ours = maps[kind.members[0]].tensors
    for pair in match.pairs {
      targets[pair.own] = (theirs[pair.other], pair.isTurned)
      modules[Self.module(ours[pair.own].name)] = Self.module(theirs[pair.other].name)
    }
    let byName = Dictionary(theirs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (place, tensor) in ours.enumerated() where targets[place] == nil {
      guard let module = modules[Self.module(tensor.name)],
        let same = byName["\(module).\(tensor.name.split(separator: ".").last ?? "")"], same.shape == tensor.shape
      else { continue }
      targets[place] = (same, false)
    }
    let names = Set(targets.values.map(\.tensor.name))
    for member in kind.members {
      for (place, tensor) in maps[member].tensors.enumerated() {
        guard let target = targets[place] else {
          // A name that now means another tensor.
          if names.contains(tensor.name) {
            maps[member].tensors[place] = CanonicalTensor(name: "\(tensor.name)'", shape: tensor.shape)
          }
          continue
        }
        let stored = models[member].tensors[place]
        guard
          target.isTurned || target.tensor.shape == stored.shape
            || target.tensor.shape.elements == stored.shape.elements
        else { continue }
        maps[member].tensors[place] = target.tensor
        guard target.isTurned || target.tensor.shape != stored.shape else { continue }
        models[member].tensors[place] = StoredTensor(
          name: stored.name, shape: target.tensor.shape,
          recipe: target.isTurned ? .transposed(stored.recipe) : stored.recipe)
        let known = maps[member].origins[place]
        maps[member].origins[place] = TensorOrigin(
          name: known?.name ?? stored.name, steps: (known?.steps ?? []) + (target.isTurned ? [.transpose] : []),
          isPart: known?.isPart ?? false)
      }
    }
  }

  /// What a weight and its bias have in common.
  private static func module(_ name: String) -> String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}
