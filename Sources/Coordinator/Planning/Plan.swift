public import Checkpoints
public import Core
internal import Encodings
internal import Naming
internal import Storage

/// What a run will do: which tensors of which models are compared, in which shards.
///
/// A function of the models and the statistics alone, so that a resumed run makes the same plan.
public struct Plan: Sendable {
  public let models: [ModelRecord]
  public let tensors: [PlannedTensor]
  public let shards: [Shard]
  /// What was set aside, and why.
  public let notes: [Note]

  /// - Parameters:
  ///   - models: in input order.
  ///   - statistics: what each shard computes beside squared distances and moments; shrinkage is
  ///     added for embedding tables.
  public init(models: [ModelRecord], statistics: Statistics, notes: [Note] = []) {
    self.models = models
    let (tensors, single) = Self.match(models, statistics)
    self.tensors = tensors
    var shards: [Shard] = []
    for (index, tensor) in tensors.enumerated() {
      shards += Self.shards(
        of: tensor.shape, tensor: index, samples: tensor.samples, spectrum: tensor.spectrum,
        from: shards.count)
    }
    self.shards = shards
    self.notes =
      notes + Self.notesOnTypes(models) + SketchSize.notes(tensors) + single + Self.notesOnStrangers(models, tensors)
  }

  private init(models: [ModelRecord], tensors: [PlannedTensor], shards: [Shard], notes: [Note]) {
    self.models = models
    self.tensors = tensors
    self.shards = shards
    self.notes = notes
  }

  /// The same plan for the same models, whose stores lie elsewhere.
  public func moved(to models: [ModelRecord]) -> Plan {
    Plan(models: models, tensors: tensors, shards: shards, notes: notes)
  }

  /// The part of the plan whose tensors are finished. Shards keep the numbers that they have in the
  /// whole plan.
  public func finished(_ done: Set<ShardID>) -> Plan {
    let open = Set(shards.filter { !done.contains($0.id) }.map(\.tensor))
    let kept = tensors.indices.filter { !open.contains($0) }
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    let shards = shards.compactMap { shard in
      places[shard.tensor].map { place in
        Shard(
          id: shard.id, tensor: place, coordinates: shard.coordinates, samples: shard.samples,
          spectrum: shard.spectrum)
      }
    }
    return Plan(models: models, tensors: kept.map { tensors[$0] }, shards: shards, notes: notes)
  }

  /// The shards of one tensor, numbered from `first` on.
  static func shards(
    of shape: TensorShape, tensor: Int, samples: Int, spectrum: Int, from first: Int
  ) -> [Shard] {
    let ranges = ShardGeometry.ranges(of: shape)
    let counts = SampleGrid.spread(samples, over: ranges.count)
    return zip(ranges, counts).enumerated().map { part, shard in
      Shard(
        id: ShardID(first + part), tensor: tensor, coordinates: shard.0, samples: shard.1,
        spectrum: part == 0 ? spectrum : 0)
    }
  }

  /// The submatrices that the partial of a shard holds.
  public func samples(of shard: Shard) -> [SampleGrid.Place] {
    SampleGrid.places(
      columns: tensors[shard.tensor].shape.columns, coordinates: shard.coordinates,
      count: shard.samples)
  }

  /// What `samples(of:)` measure, without drawing them.
  public func sampleShapes(of shard: Shard) -> [SampleShape] {
    SampleGrid.shapes(
      columns: tensors[shard.tensor].shape.columns, coordinates: shard.coordinates, count: shard.samples)
  }

  private struct Key: Hashable {
    var name: String
    var shape: TensorShape
  }

  private static func match(_ models: [ModelRecord], _ statistics: Statistics) -> ([PlannedTensor], [Note]) {
    var order: [Key] = []
    var numbers: [Key: Int] = [:]
    var all: [[PlannedTensor.Copy]] = []
    // Of the last model's tensors.
    var places: [Int] = []
    for (index, model) in models.enumerated() {
      if index == 0 || model.aliases != models[index - 1].aliases || !model.hasSameTensors(as: models[index - 1]) {
        places = zip(model.tensors, model.commonNames).map { tensor, name in
          let key = Key(name: name, shape: tensor.shape)
          if let known = numbers[key] { return known }
          numbers[key] = order.count
          order.append(key)
          all.append([])
          return order.count - 1
        }
      }
      for (tensor, place) in zip(model.tensors, places) {
        all[place].append(
          .init(
            model: index, name: tensor.name, elementType: tensor.elementType, bytes: tensor.bytes,
            readingBytes: tensor.readingBytes))
      }
    }
    let updates = updates(models)
    var tensors: [PlannedTensor] = []
    var alone: [Int: Int] = [:]
    for (key, copies) in zip(order, all) {
      let changes = updates[Place(name: key.name, rows: key.shape.rows, columns: key.shape.columns)] ?? []
      guard copies.count > 1 || !changes.isEmpty else {
        alone[copies[0].model, default: 0] += 1
        continue
      }
      let role = TensorRole(name: key.name, shape: key.shape)
      var wanted = Self.wanted(statistics, key.shape, role)
      if role == .embedding, key.shape.rank == 2, key.shape.columns <= ShardGeometry.target {
        wanted.insert(.shrinkage)
      }
      tensors.append(
        PlannedTensor(
          name: copies[0].name, shape: key.shape, role: role, statistics: wanted, copies: copies,
          updates: changes))
    }
    let linear = tensors.indices.filter { tensors[$0].role == .linear }
    let choice = SpectrumGrid.choice(linear.map { tensors[$0].shape }, models: models.count)
    for (number, index) in linear.enumerated() {
      let tensor = tensors[index]
      if number % SampleGrid.every(linearTensors: linear.count) == 0 {
        tensors[index].samples = SampleGrid.count(
          linearTensors: linear.count, models: tensor.copies.count, shape: tensor.shape)
      }
      guard number % choice.every == 0 else { continue }
      tensors[index].spectrum = choice.side
      tensors[index].statistics.insert(.spectrum)
    }
    SketchSize.apply(to: &tensors, isWhole: statistics.contains(.square))
    let notes = alone.sorted { $0.key < $1.key }.filter { $0.value < models[$0.key].tensors.count }.map {
      Note(
        subject: models[$0.key].id,
        text:
          "\($0.value) of \(models[$0.key].tensors.count) tensors are in no other model with this name and shape; they are not read"
      )
    }
    return (tensors, notes)
  }

  /// What the shards of a tensor compute, of what the run asks for.
  private static func wanted(_ asked: Statistics, _ shape: TensorShape, _ role: TensorRole) -> Statistics {
    guard !asked.contains(.square) else { return shape.isSquare ? asked.subtracting(.square) : [] }
    return role == .linear ? asked : asked.subtracting(.sketch)
  }

  /// Where an update of an adapter belongs.
  private struct Place: Hashable {
    var name: String
    var rows: Int
    var columns: Int
  }

  private static func updates(_ models: [ModelRecord]) -> [Place: [PlannedTensor.Update]] {
    var updates: [Place: [PlannedTensor.Update]] = [:]
    guard models.contains(where: { $0.adapter != nil }) else { return updates }
    // An adapter calls weights by the names that its base has.
    let aliases = models.reduce(into: [String: String]()) { all, model in
      for (name, alias) in model.aliases { all[CanonicalName.of(name)] = alias }
    }
    let known = Set(models.flatMap(\.commonNames))
    for (number, model) in models.enumerated() {
      for (index, update) in (model.adapter?.updates ?? []).enumerated() {
        let name = CanonicalName.of(update.weight)
        let place = Place(
          name: known.contains(name) ? name : aliases[name] ?? name, rows: update.rows, columns: update.columns)
        updates[place, default: []].append(.init(model: number, index: index))
      }
    }
    return updates
  }

  private static func notesOnTypes(_ models: [ModelRecord]) -> [Note] {
    struct Kind: Hashable {
      var type: String
      var reason: String
    }
    var counts: [Kind: (tensors: Int, models: Int, example: String)] = [:]
    for model in models {
      let kinds = Dictionary(grouping: model.setAside) { Kind(type: $0.type, reason: reason($0)) }
      for (kind, tensors) in kinds {
        var entry = counts[kind] ?? (0, 0, tensors[0].name)
        entry.tensors += tensors.count
        entry.models += 1
        counts[kind] = entry
      }
    }
    return counts.sorted { ($0.key.type, $0.key.reason) < ($1.key.type, $1.key.reason) }.map { kind, entry in
      Note(
        subject: kind.type,
        text:
          "\(entry.tensors) tensors of \(entry.models) models set aside, as '\(entry.example)': \(kind.reason)")
    }
  }

  private static func reason(_ tensor: SkippedTensor) -> String {
    guard Encoding(named: tensor.type) != nil else { return "not weights in an encoding that is read" }
    guard !tensor.extents.contains(0) else { return "empty" }
    return "scaled by another tensor, which is not read yet"
  }

  /// Models that share nothing with any other: they become families of one.
  private static func notesOnStrangers(_ models: [ModelRecord], _ tensors: [PlannedTensor]) -> [Note] {
    let compared = Set(tensors.flatMap(\.models) + tensors.flatMap { $0.updates.map(\.model) })
    return models.indices.filter { !compared.contains($0) }.map {
      if models[$0].adapter != nil {
        return Note(
          subject: models[$0].id,
          text: "is an adapter whose weights no model here has (name and shape); its base is not among them")
      }
      return Note(
        subject: models[$0].id,
        text: models[$0].tensors.isEmpty
          ? "has no floating-point weights; it cannot be related to any model"
          : "shares no tensor (name and shape) with any other model; it cannot be related to one")
    }
  }
}
