package import Alignment
package import Checkpoints
package import Core
internal import Naming

/// What a run will do: which tensors of which models are compared, in which shards.
///
/// A function of the models, their alignment and the statistics alone, so that a resumed run makes the same plan.
package struct Plan: Sendable {
  package let models: [ModelRecord]
  /// The models that are compared with each other, by number, ascending: all of them in one section, or, where these are
  /// too many, those that may be related. A model that is in no section is compared with no other. In sections of one
  /// cover, models are guests as well.
  package let sections: [[Int]]
  /// Groups of sections that belong together: each has some models of one cover, which are too many for one section.
  package let covers: [CoverSections]
  /// How each model corresponds to the others.
  package let alignment: [AlignmentMap]
  package let tensors: [PlannedTensor]
  /// Per tensor the section that it is compared in.
  private let homes: [Int]
  package let shards: [Shard]
  /// What was skipped, and why.
  package let notes: [Note]

  /// - Parameters:
  ///   - models: in input order.
  ///   - alignment: one map for each model; nil for what their tensors' names say.
  ///   - statistics: what each shard computes beside squared distances and moments; shrinkage is
  ///     added for embedding tables.
  ///   - notes: on what was left out before planning.
  ///   - sections: of the models; nil: all of them are compared with each other.
  ///   - covers: of further models, which are too many for one section each: every block becomes a section, before those
  ///     of `sections`.
  package init(
    models: [ModelRecord], alignment: [AlignmentMap]? = nil, statistics: Statistics, notes: [Note] = [],
    sections: [[Int]]? = nil, covers: [PairCover] = []
  ) {
    let alignment = alignment ?? AlignmentMap.named(models)
    precondition(alignment.count == models.count, "\(alignment.count) alignment maps for \(models.count) models")
    let blocks = covers.flatMap { $0.blocks.map(\.members) }
    let sections = blocks + (sections ?? [Array(models.indices)])
    var (tensors, homes): ([PlannedTensor], [Int]) = ([], [])
    var matchings: [TensorMatching] = []
    for (number, members) in sections.enumerated() {
      let matching = TensorMatching(members.map { models[$0] }, members.map { alignment[$0] })
      let own = TensorChoice.planned(matching, models: members.count, statistics)
      tensors += own.map { $0.renumbered { members[$0] } }
      homes += own.map { _ in number }
      matchings.append(matching)
    }
    var shards: [Shard] = []
    for (index, tensor) in tensors.enumerated() {
      shards += Self.shards(
        of: tensor.shape, tensor: index, models: tensor.copies.count, statistics: tensor.statistics,
        samples: tensor.samples, spectrum: tensor.spectrum, from: shards.count)
    }
    let covers = CoverSections.numbered(covers)
    let own = sections.enumerated().map { number, members in covers.own(number) ?? members }
    self.init(
      models: models, sections: sections, covers: covers, alignment: alignment, tensors: tensors, homes: homes,
      shards: shards,
      notes: notes
        + PlanNotes.all(
          models, alignment, zip(zip(sections, own), matchings).map { (models: $0.0, own: Set($0.1), matching: $1) },
          tensors))
  }

  private init(
    models: [ModelRecord], sections: [[Int]], covers: [CoverSections], alignment: [AlignmentMap],
    tensors: [PlannedTensor], homes: [Int], shards: [Shard], notes: [Note]
  ) {
    self.models = models
    self.sections = sections
    self.covers = covers
    self.alignment = alignment
    self.tensors = tensors
    self.homes = homes
    self.shards = shards
    self.notes = notes
  }

  /// The same plan for the same models, whose stores lie elsewhere.
  package func moved(to models: [ModelRecord]) -> Plan {
    Plan(
      models: models, sections: sections, covers: covers, alignment: alignment, tensors: tensors, homes: homes,
      shards: shards, notes: notes)
  }

  /// Models of the collection; views of them come after these.
  package var collectionCount: Int { models.count { $0.viewed == nil } }

  /// The model of the collection that a model is, or is a view of.
  package func owner(_ model: Int) -> Int {
    guard let id = models[model].viewed else { return model }
    return models.firstIndex { $0.id == id } ?? model
  }

  /// Has a section narrower models, and views of wider ones?
  package func isOfWidths(_ section: Int) -> Bool { sections[section].contains { models[$0].viewed != nil } }

  /// Are all models compared with each other?
  package var isWhole: Bool { sections.count == 1 && sections[0].count == models.count }

  /// What is compared of one section, as a plan of its models alone. Shards keep the numbers that they have in the whole
  /// plan.
  package func section(_ number: Int) -> Plan {
    guard !isWhole else { return self }
    let members = sections[number]
    let places = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
    let kept = tensors.indices.filter { homes[$0] == number }
    return Plan(
      models: members.map { models[$0] }, sections: [Array(members.indices)], covers: [],
      alignment: members.map { alignment[$0] }, tensors: kept.map { tensors[$0].renumbered { places[$0] ?? 0 } },
      homes: kept.map { _ in 0 }, shards: shards(of: kept), notes: notes)
  }

  /// Do the layers of two models allow one to be an ancestor of the other?
  ///
  /// - Parameters:
  ///   - child: its position in `models`.
  ///   - parent: likewise.
  package func mayDescend(_ child: Int, from parent: Int) -> Bool {
    alignment[child].mayDescend(from: alignment[parent])
  }

  /// Per model: rows of its largest table of tokens; 0 where it has none.
  package var tokens: [Int] {
    var tokens: [Int] = []
    for (index, map) in alignment.enumerated() {
      if index > 0, map.tensors == alignment[index - 1].tensors {
        tokens.append(tokens[index - 1])
      } else {
        let tables = map.tensors.filter { $0.networkPart == .tokens }
        tokens.append(tables.map { $0.shape.extents.first ?? 0 }.max() ?? 0)
      }
    }
    return tokens
  }

  /// The part of the plan whose tensors are finished. Shards keep the numbers that they have in the
  /// whole plan.
  package func finished(_ done: Set<ShardID>) -> Plan {
    let open = Set(shards.filter { !done.contains($0.id) }.map(\.tensor))
    let kept = tensors.indices.filter { !open.contains($0) }
    return Plan(
      models: models, sections: sections, covers: covers, alignment: alignment, tensors: kept.map { tensors[$0] },
      homes: kept.map { homes[$0] }, shards: shards(of: kept), notes: notes)
  }

  /// The shards of some tensors, which are numbered anew.
  private func shards(of kept: [Int]) -> [Shard] {
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    return shards.compactMap { shard in
      places[shard.tensor].map { place in
        Shard(
          id: shard.id, tensor: place, coordinates: shard.coordinates, samples: shard.samples,
          spectrum: shard.spectrum, pieces: shard.pieces)
      }
    }
  }

  /// The shards of one tensor, numbered from `first` on.
  static func shards(
    of shape: TensorShape, tensor: Int, models: Int, statistics: Statistics, samples: Int, spectrum: Int,
    from first: Int
  ) -> [Shard] {
    let ranges = ShardGeometry.ranges(of: shape)
    let counts = SampleGrid.spread(samples, over: ranges.count)
    return zip(ranges, counts).enumerated().map { number, shard in
      let own = number == 0 ? spectrum : 0
      return Shard(
        id: ShardID(first + number), tensor: tensor, coordinates: shard.0, samples: shard.1, spectrum: own,
        pieces: ShardGeometry.pieces(
          of: shard.0.count, shape: shape, models: models, statistics: statistics, spectrum: own))
    }
  }

  /// The submatrices that the partial of a shard holds.
  package func samples(of shard: Shard) -> [SampleGrid.Place] {
    SampleGrid.places(
      columns: tensors[shard.tensor].shape.columns, coordinates: shard.coordinates,
      count: shard.samples)
  }

  /// What `samples(of:)` measure, without drawing them.
  func sampleShapes(of shard: Shard) -> [SampleShape] {
    SampleGrid.shapes(
      columns: tensors[shard.tensor].shape.columns, coordinates: shard.coordinates, count: shard.samples)
  }

  /// What the partial of a shard holds.
  package func schema(of shard: Shard) -> PartialSchema { schema(of: shard, samples: sampleShapes(of: shard)) }

  /// What the partial of part of a shard holds: of submatrices the rows that lie in it.
  package func schema(of shard: Shard, _ part: ShardPart) -> PartialSchema {
    guard !part.isWhole else { return schema(of: shard) }
    let coordinates = coordinates(of: shard, part)
    let columns = tensors[shard.tensor].shape.columns
    return schema(of: shard, samples: samples(of: shard).map { $0.within(coordinates, columns: columns).shape })
  }

  private func schema(of shard: Shard, samples: [SampleShape]) -> PartialSchema {
    let tensor = tensors[shard.tensor]
    return PartialSchema(
      models: tensor.copies.count, statistics: tensor.statistics, samples: samples, sketch: tensor.sketch)
  }

  package func coordinates(of shard: Shard, _ part: ShardPart) -> Range<Int> {
    part.coordinates(in: shard.coordinates, columns: tensors[shard.tensor].shape.columns)
  }
}
