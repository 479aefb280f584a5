package import Alignment
package import Checkpoints
package import Core
internal import Foundation
internal import Naming
internal import Spectra
internal import Storage
package import System

/// Finds the models of a collection that are narrower than others and came from them: by which coordinates, units and heads
/// they have kept.
///
/// A narrower model is compared with *views* of the wider ones: models that hold what it has kept of each, so that all
/// have one shape, and what one lacks is no difference. The witness is that of `DisguiseRemoval`; without it a model stays
/// where it is. Runs in which no model has the shape of a part of another's stop at the headers.
package struct WidthAlignment {
  private let store: RestoredStore
  private var models: [ModelRecord] = []
  private var maps: [AlignmentMap] = []
  private var notes: [Note] = []
  private var attempts = 0
  private var outcome = Outcome()
  /// Ids that are taken by models or views.
  private var taken: Set<String> = []

  /// Groups of a wider shape that a group is tried against, those with the likest tables first.
  private static let mostAttempts = 4
  /// Likeness of tables below which no alignment is tried: less is left of it where coordinates are missing, and least
  /// where it is that of a few positions and patches.
  private static let leastLikeness = 0.1
  /// Wider models that one narrower group is compared with, the nearest first.
  private static let mostViews = 24

  package struct Outcome: Sendable {
    /// By number: the models that are narrower than relatives, every tensor as the canonical one, and their maps.
    package var narrower: [Int: ModelRecord] = [:]
    package var maps: [Int: AlignmentMap] = [:]
    package var views: [ModelRecord] = []
    package var viewMaps: [AlignmentMap] = []
    /// Models that are compared with each other: numbers of narrower ones, and places among the views. A group comes after
    /// all whose members it has views of.
    package var groups: [(members: [Int], views: [Int])] = []
    package var notes: [Note] = []

    package init() {}
  }

  /// - Parameter folder: where views are kept.
  /// - Throws: `Failure` when weights cannot be read, or views not be written.
  package static func apply(to models: [ModelRecord], folder: String) throws(Failure) -> Outcome {
    var alignment = WidthAlignment(store: RestoredStore(folder: folder))
    try alignment.run(models)
    alignment.outcome.notes = alignment.notes
    return alignment.outcome
  }

  /// Has a model the shape of a part of another's? Told by their headers.
  ///
  /// - Throws: `Failure` when the weights that tell the size of heads cannot be read.
  package static func isNeeded(for models: [ModelRecord]) throws(Failure) -> Bool {
    guard haveShapes(AlignmentMap.named(models)) else { return false }
    let plain = try Aligner.canonical(models)
    let kinds = Self.kinds(plain.models, plain.maps)
    return kinds.contains { kind in kinds.contains { kind.layout.isNarrower(than: $0.layout) } }
  }

  private init(store: RestoredStore) { self.store = store }

  private mutating func run(_ all: [ModelRecord]) throws(Failure) {
    guard Self.haveShapes(AlignmentMap.named(all)) else { return }
    let plain = try Aligner.canonical(all)
    (models, maps) = (plain.models, plain.maps)
    let kinds = Self.kinds(models, maps)
    let wider = kinds.map { kind in kinds.indices.filter { kind.layout.isNarrower(than: kinds[$0].layout) } }
    guard wider.contains(where: { !$0.isEmpty }) else { return }
    // Whoever is compared with wider models is no longer compared as it is, and so needs those of its own width here, too.
    let larger = kinds.map { kind in
      kinds.indices.filter { kind.layout.isNarrower(than: kinds[$0].layout, orShallower: true) }
    }
    do throws(Failure) {
      try OpenBLAS.require()
    } catch {
      notes.append(Note(subject: "narrower models", text: "were not looked for: \(error.message)"))
      return
    }
    taken = Set(models.map(\.id))
    let found = try KinGroups(models, maps, fewest: 1).kinds
    /// The groups of each kind, those that can be read.
    var groups: [[Group]] = []
    for (number, kind) in kinds.enumerated() {
      let isNeeded = !wider[number].isEmpty || larger.contains { $0.contains(number) }
      var own: [Group] = []
      if isNeeded, let parts = found.first(where: { $0.joined().contains(kind.first) }) {
        for members in parts { if let group = try group(members) { own.append(group) } }
      }
      groups.append(own)
    }
    // Whatever may be wider comes first.
    for number in kinds.indices.sorted(by: { kinds[$0].weights > kinds[$1].weights }) where !wider[number].isEmpty {
      for group in groups[number] {
        let others = larger[number].flatMap { place in
          groups[place].map { ($0, $0.gram.likeness(group.gram)) }.filter { $0.1 >= Self.leastLikeness }
            .sorted { ($1.1, $0.0.members[0]) < ($0.1, $1.0.members[0]) }.prefix(Self.mostAttempts).map(\.0)
        }
        try align(group, to: others)
      }
    }
  }

  /// Has some map a name that another one of another shape has, too?
  private static func haveShapes(_ maps: [AlignmentMap]) -> Bool {
    var shapes: [String: TensorShape] = [:]
    var last: [CanonicalTensor] = []
    for map in maps where map.updates.isEmpty && map.tensors != last {
      last = map.tensors
      for tensor in map.tensors where tensor.role == .linear {
        if let known = shapes[tensor.name] {
          if known != tensor.shape { return true }
        } else {
          shapes[tensor.name] = tensor.shape
        }
      }
    }
    return false
  }

  /// Models of one shape.
  private struct Kind {
    var first: Int
    var layout: NetworkLayout
    var weights: Int
  }

  private static func kinds(_ models: [ModelRecord], _ maps: [AlignmentMap]) -> [Kind] {
    var known: Set<Set<CanonicalTensor>> = []
    var kinds: [Kind] = []
    for (number, model) in models.enumerated() where model.adapter == nil {
      let linear = Set(maps[number].tensors.filter { $0.role == .linear })
      guard !linear.isEmpty, known.insert(linear).inserted, let layout = NetworkLayout(model, maps[number]) else {
        continue
      }
      kinds.append(Kind(first: number, layout: layout, weights: linear.reduce(0) { $0 + $1.shape.elements }))
    }
    return kinds
  }

  /// Models that are alike as they are.
  private struct Group {
    var members: [Int]
    var first: NetworkWeights
    var gram: TableGram
  }

  /// - Returns: nil for what cannot be aligned to anything.
  private mutating func group(_ members: [Int]) throws(Failure) -> Group? {
    guard let number = members.first, let first = NetworkWeights(models[number], maps[number]) else { return nil }
    let bytes = GaugeFit.bytes(first)
    guard bytes <= DisguiseRemoval.memoryBytes else {
      notes.append(
        Note(
          subject: models[number].id,
          text:
            "was not compared with models of other widths: that takes \(ByteCount(bytes: bytes)) of memory, and \(ByteCount(bytes: DisguiseRemoval.memoryBytes)) are the most"
        ))
      return nil
    }
    return try TableGram(first).map { Group(members: members, first: first, gram: $0) }
  }

  private mutating func align(_ group: Group, to others: [Group]) throws(Failure) {
    var views: [Int] = []
    var best: WidthCorrespondence?
    var isNarrower = false
    for other in others {
      guard fitsMemory(group, other) else { continue }
      attempts += 1
      guard let fit = WidthFit(group.first, of: other.first), let (kept, witness) = try fit.witness(),
        witness.carries(attempts: attempts), let map = try fit.map(kept)
      else { continue }
      let found = correspondence(group, other, map, witness)
      if found.likeness > best?.likeness ?? -1 { best = found }
      views += try view(other, for: group, by: map)
      let isWider = group.first.layout.isNarrower(than: other.first.layout)
      isNarrower = isNarrower || isWider || outcome.narrower[other.members[0]] != nil
    }
    guard let best, isNarrower, !views.isEmpty else {
      outcome.views.removeLast(views.count)
      outcome.viewMaps.removeLast(views.count)
      return
    }
    for member in group.members {
      var model = models[member]
      model.width = best
      outcome.narrower[member] = model
      outcome.maps[member] = maps[member]
      notes.append(
        Note(
          subject: model.id,
          text:
            "is narrower than '\(best.reference.printable)', of which it has kept \(best.kept.hidden.kept) of \(best.kept.hidden.of) coordinates, \(best.kept.units.kept) of \(best.kept.units.of) units and \(best.kept.heads.kept) of \(best.kept.heads.of) heads\(best.kept.layers.kept < best.kept.layers.of ? " in \(best.kept.layers.kept) of \(best.kept.layers.of) layers" : ""): it is compared with what it has kept of others"
        ))
    }
    outcome.groups.append((group.members, views))
  }

  /// - Returns: false, with a note, where matching the units of two groups takes too much memory.
  private mutating func fitsMemory(_ group: Group, _ other: Group) -> Bool {
    let bytes = WidthFit.bytes(group.first, of: other.first)
    guard bytes > DisguiseRemoval.memoryBytes else { return true }
    notes.append(
      Note(
        subject: group.first.model.id,
        text:
          "was not compared with '\(other.first.model.id.printable)' by what it may have kept of it: that takes \(ByteCount(bytes: bytes)) of memory, and \(ByteCount(bytes: DisguiseRemoval.memoryBytes)) are the most"
      ))
    return false
  }

  private func correspondence(
    _ group: Group, _ other: Group, _ map: WidthMap, _ witness: Witness
  ) -> WidthCorrespondence {
    let (own, wide) = (group.first.layout, other.first.layout)
    let layers = map.layers.sorted { $0.key < $1.key }
    func which(_ part: (WidthMap.Layer) -> [Int]) -> String? {
      let text = layers.map { "\($0.value.number): \(WidthMap.ranges(part($0.value)))" }.joined(separator: "; ")
      return text.utf8.count <= Self.longest ? text : nil
    }
    let (units, allUnits) = (own.units.reduce(0, +), wide.units.reduce(0, +))
    let (heads, allHeads) = (own.heads * own.layers.count, wide.heads * wide.layers.count)
    let kept = KeptTensors(group.first, of: other.first, by: map)
    let tensors = other.first.model.tensors
    return WidthCorrespondence(
      reference: other.first.model.id,
      kept: KeptWidth(
        hidden: .init(
          kept: own.width, of: wide.width, which: own.width < wide.width ? WidthMap.ranges(map.hidden) : nil),
        units: .init(kept: units, of: allUnits, which: units < allUnits ? which(\.units) : nil),
        heads: .init(kept: heads, of: allHeads, which: heads < allHeads ? which(\.heads) : nil),
        layers: .init(
          kept: own.layers.count, of: wide.layers.count,
          which: own.layers.count < wide.layers.count ? WidthMap.ranges(layers.map(\.value.number)) : nil),
        weights: .init(
          kept: kept.shapes.reduce(0) { $0 + $1.elements },
          of: kept.numbers.reduce(0) { $0 + tensors[$1].shape.elements })),
      likeness: witness.likeness, agreements: witness.agreements, matched: witness.units,
      probability: min(1, Double(attempts) * witness.probability))
  }

  /// Longer lists are in the folder of views alone.
  private static let longest = 4096

  /// Views of the members of a wider group.
  ///
  /// - Returns: their places.
  private mutating func view(_ other: Group, for group: Group, by map: WidthMap) throws(Failure) -> [Int] {
    var places: [Int] = []
    for member in try nearest(other, to: group, map) {
      guard let wide = NetworkWeights(models[member], maps[member]) else { continue }
      let kept = KeptTensors(group.first, of: wide, by: map)
      guard !kept.numbers.isEmpty else { continue }
      var view = models[member]
      let own = try RestoredStore.ViewNote(
        wide: RestoredStore.key(of: models[member]), narrow: RestoredStore.key(of: group.first.model), map: map)
      // Sums of a view by another map are sums of another model.
      view.id = free("\(view.id) at the width of \(group.first.model.id), \(own.digest)")
      view.viewed = models[member].id
      view.restored = nil
      view.setAside = []
      let names = kept.numbers.map { models[member].tensors[$0].name }
      view.tensors = try store.view(
        view, as: zip(names, kept.shapes).map { ($0, $1) }, from: kept.numbers.map { models[member].tensors[$0] },
        note: own
      ) { place throws(Failure) in try kept.values(place) }
      var alignment = maps[member]
      alignment.tensors = zip(kept.numbers, kept.shapes).map { number, shape in
        let whole = maps[member].tensors[number]
        var tensor = KeptTensors.renumbered(whole, map) ?? whole
        tensor.shape = shape
        return tensor
      }
      alignment.origins = Dictionary(
        uniqueKeysWithValues: kept.numbers.enumerated().compactMap { place, number in
          maps[member].origins[number].map { (place, $0) }
        })
      places.append(outcome.views.count)
      outcome.views.append(view)
      outcome.viewMaps.append(alignment)
    }
    return places
  }

  private mutating func free(_ id: String) -> String {
    var free = id
    var number = 2
    while !taken.insert(free).inserted {
      free = "\(id) (\(number))"
      number += 1
    }
    return free
  }

  /// The members of a wider group that a narrower model is nearest to, by the maps of one layer; in the order of the
  /// models.
  private func nearest(_ other: Group, to group: Group, _ map: WidthMap) throws(Failure) -> [Int] {
    guard other.members.count > Self.mostViews else { return other.members.sorted() }
    let own = group.first
    let layer = own.layout.layers[own.layout.layers.count / 2]
    var maps: [(role: NetworkRole, values: [Float])] = []
    for role in [NetworkRole.up, .down, .value, .output] {
      if let number = own.layout.number(role, layer) { maps.append((role, try own.model.tensors[number].values())) }
    }
    var found: [(member: Int, distance: Double)] = []
    for member in other.members {
      guard let wide = NetworkWeights(models[member], self.maps[member]) else { continue }
      let kept = KeptTensors(own, of: wide, by: map)
      var distance = 0.0
      for (role, values) in maps {
        guard let number = wide.layout.number(role, map.layers[layer]?.number),
          let place = kept.numbers.firstIndex(of: number)
        else {
          continue
        }
        distance += zip(values, try kept.values(place)).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      }
      if distance.isFinite { found.append((member, distance)) }
    }
    found.sort { ($0.distance, $0.member) < ($1.distance, $1.member) }
    return found.prefix(Self.mostViews).map(\.member).sorted()
  }
}
