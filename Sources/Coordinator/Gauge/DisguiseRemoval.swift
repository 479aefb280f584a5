internal import Alignment
package import Checkpoints
package import Core
internal import Spectra
internal import Storage
package import System

/// Finds the models of a collection that are others in different coordinates, and brings them into theirs.
///
/// Models that are alike as they are form groups. A group is tried against the larger ones of the same shape, one member
/// for each; what the witness carries is restored, all members by the same change, and is a plain model from then on.
package struct DisguiseRemoval {
  let store: RestoredStore
  private(set) var models: [ModelRecord] = []
  private var weights: [Int: NetworkWeights] = [:]
  private var notes: [Note] = []
  var attempts = 0

  /// Groups that one is tried against, those with the likest tables first.
  static let mostAttempts = 4
  /// Likeness of tables below which no alignment is tried.
  private static let leastLikeness = 0.4
  /// Models that need more memory are left as they are.
  static let memoryBytes = 4 << 30

  /// - Parameter folder: where restored weights are kept.
  package init(folder: String) { store = RestoredStore(folder: folder) }

  package struct Outcome: Sendable {
    /// In the order in which they were given; those that were restored have other tensors.
    package var models: [ModelRecord]
    /// What was restored, and what could not be looked at.
    package var notes: [Note]
  }

  /// - Throws: `Failure` when weights cannot be read, or restored ones not be written.
  package static func apply(to models: [ModelRecord], folder: String) throws(Failure) -> Outcome {
    var removal = DisguiseRemoval(folder: folder)
    return try removal.run(models)
  }

  private mutating func run(_ all: [ModelRecord]) throws(Failure) -> Outcome {
    let unchanged = Outcome(models: all, notes: [])
    guard all.count > 1 else { return unchanged }
    let plain = try Aligner.canonical(all)
    let groups = try KinGroups(plain.models, plain.maps)
    guard groups.kinds.contains(where: { $0.count > 1 }) else { return unchanged }
    do throws(Failure) {
      try OpenBLAS.require()
    } catch {
      notes.append(Note(subject: "disguised models", text: "were not looked for: \(error.message)"))
      return Outcome(models: all, notes: notes)
    }
    models = plain.models
    var restored: [Int: ModelRecord] = [:]
    for (kind, members) in groups.kinds.enumerated() where members.count > 1 {
      try align(members, plain.maps, kind, &restored)
    }
    var result = all
    for (number, model) in restored { result[number] = model }
    return Outcome(models: result, notes: notes)
  }

  /// A group of models in common coordinates.
  private struct Family {
    /// The one that others are aligned to is the first.
    var members: [Int]
    var gram: TableGram
  }

  private mutating func align(
    _ groups: [[Int]], _ maps: [AlignmentMap], _ kind: Int, _ restored: inout [Int: ModelRecord]
  ) throws(Failure) {
    if let first = groups.first?.first, ChainLayout(models[first], maps[first]) != nil {
      return try alignChains(groups, maps, kind, &restored)
    }
    var families: [Family] = []
    for (place, members) in groups.enumerated() {
      guard let gram = try open(members, maps) else { continue }
      let near = families.indices.map { ($0, families[$0].gram.likeness(gram)) }
        .filter { $0.1 >= Self.leastLikeness }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(Self.mostAttempts)
      var isPlaced = false
      for (family, _) in near where !isPlaced {
        let found = try bring(members, to: families[family].members, group: kind << 16 | place)
        for (number, model) in found { restored[number] = model }
        isPlaced = !found.isEmpty
      }
      if !isPlaced { families.append(Family(members: members, gram: gram)) }
    }
    weights = [:]
  }

  /// Makes the weights of a group's members known.
  ///
  /// - Returns: nil where they cannot be aligned to anything.
  private mutating func open(_ members: [Int], _ maps: [AlignmentMap]) throws(Failure) -> TableGram? {
    for member in members {
      guard let network = NetworkWeights(models[member], maps[member]) else { return nil }
      guard fitsMemory(member, GaugeFit.bytes(network)) else { return nil }
      weights[member] = network
    }
    return try members.first.flatMap { weights[$0] }.flatMap { weights throws(Failure) in try TableGram(weights) }
  }

  /// - Returns: false, with a note, where finding out about a model takes too much memory.
  mutating func fitsMemory(_ member: Int, _ bytes: Int) -> Bool {
    guard bytes > Self.memoryBytes else { return true }
    notes.append(
      Note(
        subject: models[member].id,
        text:
          "is not like any other model; whether it is one in other coordinates was not looked for: that takes \(ByteCount(bytes: bytes)) of memory, and \(ByteCount(bytes: Self.memoryBytes)) are the most"
      ))
    return false
  }

  /// - Returns: the members of a group in the coordinates of a family; empty where the witness does not carry.
  private mutating func bring(
    _ members: [Int], to family: [Int], group: Int
  ) throws(Failure) -> [(Int, ModelRecord)] {
    guard let first = members.first, let own = weights[first], let reference = family.first,
      let other = weights[reference]
    else { return [] }
    let key = try RestoredStore.key(of: models[reference])
    if let kept = try kept(members, key) { return kept }
    attempts += 1
    guard let fit = GaugeFit(own, other), let (basis, witness) = try fit.witness(),
      witness.carries(attempts: attempts), let rough = try fit.gauge(basis, of: [middleLayer(own)])
    else { return try remember(members, key) }
    // What training did between the two is taken for a change of coordinates in part, so the nearest serves best.
    let near = try nearest(of: family, to: own, rough)
    let nearest = near.first ?? reference
    var aligned = try gauge(own, nearest, with: near.dropFirst(), rough.basis)
    if aligned == nil { aligned = try gauge(own, reference, with: [], rough.basis) }
    guard let (other, gauge) = aligned, !gauge.isNothing else { return try remember(members, key) }
    let probability = min(1, Double(attempts) * witness.probability)
    let restoration = Restoration(
      reference: other.model.id, transforms: gauge.transforms, likeness: witness.likeness,
      agreements: witness.agreements, units: witness.units, probability: probability, group: group)
    var found: [(Int, ModelRecord)] = []
    for member in members {
      guard let network = weights[member] else { continue }
      let tensors = RestoredTensors(network, to: other, by: gauge)
      found += try keep(member, key, restoration) { number throws(Failure) in try tensors.values(number) }
    }
    return found
  }

  /// Writes a restored model.
  ///
  /// - Parameters:
  ///   - key: of the model whose coordinates it is brought into.
  ///   - values: of a tensor, by its place.
  /// - Returns: it, with its place; empty where it cannot be read again.
  mutating func keep(
    _ member: Int, _ key: String, _ restoration: Restoration, values: (Int) throws(Failure) -> [Float]
  ) throws(Failure) -> [(Int, ModelRecord)] {
    try store.write(models[member], values: values)
    try store.keep(
      [.init(own: try RestoredStore.key(of: models[member]), reference: key, restoration: restoration)],
      of: models[member])
    guard let model = store.model(models[member], restoration) else { return [] }
    note(model, restoration)
    return [(member, model)]
  }

  /// Members of a family that are compared with a restored model.
  private static let mostCompared = 64
  /// Members that a model is fitted to together, and how much farther than the nearest these may be, squared.
  private static let mostJoined = 8
  private static let farthest = 9.0

  private func gauge(
    _ own: NetworkWeights, _ member: Int, with relatives: ArraySlice<Int>, _ basis: ResidualBasis
  ) throws(Failure) -> (other: NetworkWeights, gauge: Gauge)? {
    guard let other = weights[member],
      let gauge = try GaugeFit(own, other, with: relatives.compactMap { weights[$0] })?.gauge(basis)
    else { return nil }
    return (other, gauge)
  }

  private func middleLayer(_ weights: NetworkWeights) -> Int {
    weights.layout.layers[weights.layout.layers.count / 2]
  }

  /// The members of a family that a restored model is nearest to, by the maps of one layer; the nearest first.
  private func nearest(of family: [Int], to own: NetworkWeights, _ gauge: Gauge) throws(Failure) -> [Int] {
    guard let first = family.first, let other = weights[first] else { return [] }
    let layer = middleLayer(own)
    let roles: [NetworkRole] = [.up, .down, .value, .output]
    let tensors = RestoredTensors(own, to: other, by: gauge)
    var found: [(member: Int, distance: Double)] = []
    var maps: [(role: NetworkRole, values: [Float])] = []
    for role in roles {
      if let number = own.layout.number(role, layer) { maps.append((role, try tensors.values(number))) }
    }
    for member in family.prefix(Self.mostCompared) {
      guard let weights = weights[member] else { continue }
      var distance = 0.0
      for (role, values) in maps {
        guard let theirs = try weights.matrix(role, layer), theirs.values.count == values.count else { continue }
        distance += zip(values, theirs.values).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
      }
      if distance.isFinite { found.append((member, distance)) }
    }
    found.sort { ($0.distance, $0.member) < ($1.distance, $1.member) }
    guard let least = found.first?.distance else { return [] }
    return found.prefix(Self.mostJoined).filter { $0.distance <= Self.farthest * least }.map(\.member)
  }

  /// What an earlier session of the run has found out.
  ///
  /// - Returns: nil where it has not tried; empty where it has in vain.
  mutating func kept(_ members: [Int], _ reference: String) throws(Failure) -> [(Int, ModelRecord)]? {
    var found: [(Int, ModelRecord)] = []
    for member in members {
      let notes = store.notes(of: models[member], key: try RestoredStore.key(of: models[member]))
      guard let known = notes.first(where: { $0.reference == reference }) else { return nil }
      guard let restoration = known.restoration else { return [] }
      guard let model = store.model(models[member], restoration) else { return nil }
      found.append((member, model))
    }
    for (_, model) in found { if let restored = model.restored { note(model, restored.restoration) } }
    return found
  }

  mutating func remember(_ members: [Int], _ reference: String) throws(Failure) -> [(Int, ModelRecord)] {
    for member in members {
      let key = try RestoredStore.key(of: models[member])
      let others = store.notes(of: models[member], key: key).filter { $0.reference != reference }
      try store.keep(others + [.init(own: key, reference: reference, restoration: nil)], of: models[member])
    }
    return []
  }

  private mutating func note(_ model: ModelRecord, _ restoration: Restoration) {
    notes.append(
      Note(
        subject: model.id,
        text:
          "is in other coordinates than '\(restoration.reference.printable)' (\(restoration.transforms.joined(separator: ", "))): it is compared as restored to these"
      ))
  }
}
