internal import Checkpoints
package import Core
internal import System

/// What a journal remembers of its plan: enough to find in it what another plan asks for.
package struct PlanOutline: Sendable, Codable, Equatable {
  struct Tensor: Sendable, Codable, Equatable {
    /// Models that keep the tensor under one name.
    struct Copies: Sendable, Codable, Equatable {
      var name: String
      /// nil: all of the plan.
      var models: [Int]?
    }

    var shape: TensorShape
    var firstRow: Int
    var statistics: Statistics
    var samples: Int
    var spectrum: Int
    var sketch: SampleShape?
    /// Does some model keep it in F64? Then all are compared as doubles, which gives other roundings.
    var isDouble: Bool
    var copies: [Copies]
  }

  /// Ids, in the order of the plan.
  let models: [String]
  let tensors: [Tensor]
  /// `ShardGeometry.cutting` of the plan; nil in journals of versions that left all shards whole.
  let cutting: Int?

  package init(_ plan: Plan) {
    models = plan.models.map(\.id)
    cutting = ShardGeometry.cutting
    tensors = plan.tensors.map { tensor in
      Tensor(
        shape: tensor.shape, firstRow: tensor.firstRow, statistics: tensor.statistics, samples: tensor.samples,
        spectrum: tensor.spectrum, sketch: tensor.sketch, isDouble: tensor.isDouble,
        copies: tensor.namesakes.map {
          Tensor.Copies(name: $0.name, models: $0.models.count == plan.models.count ? nil : $0.models)
        })
    }
  }

  /// A partial of the old plan that holds all that a shard of the new one is asked for.
  package struct Reuse: Sendable, Equatable {
    package let shard: ShardID
    package let old: ShardID
    /// What the old partial holds.
    package let held: PartialSchema
    /// Which of its models the new shard is about.
    package let places: [Int]
    /// Submatrices that the new shard keeps.
    package let samples: Int
  }

  /// The shards of this plan whose results the new plan can reuse.
  ///
  /// A tensor that a new model shares must be read again for all models, because its sums with the new model need
  /// their weights. The sums of every other tensor are there, under other shard numbers.
  ///
  /// - Parameter plan: in which a model of the same id is the same model.
  package func reuses(for plan: Plan) -> [Reuse] {
    let numbers = Dictionary(models.enumerated().map { (ByteString($1), $0) }) { first, _ in first }
    let known = plan.models.map { numbers[ByteString($0.id)] }
    let kept = Set(known.compactMap { $0 })
    // A model of several blocks has a place in a tensor of each.
    var homes: [Copy: [Int]] = [:]
    var places: [Placed: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      let members = tensor.copies.flatMap { models(of: $0) }.sorted()
      let positions = Dictionary(members.enumerated().map { ($1, $0) }) { first, _ in first }
      for copies in tensor.copies {
        for model in models(of: copies) where kept.contains(model) {
          let copy = Copy(model: model, name: ByteString(copies.name), firstRow: tensor.firstRow)
          if homes[copy]?.count ?? 0 < Self.mostBlocks { homes[copy, default: []].append(index) }
          places[Placed(copy: copy, tensor: index)] = positions[model] ?? 0
        }
      }
    }
    let firsts = firstShards
    var cut: [Int: [Shard]] = [:]
    var found: [Reuse] = []
    for shard in plan.shards {
      let tensor = plan.tensors[shard.tensor]
      let copies = tensor.copies.compactMap { copy in
        known[copy.model].map { Copy(model: $0, name: ByteString(copy.name), firstRow: tensor.firstRow) }
      }
      guard copies.count == tensor.copies.count else { continue }
      /// Where an old tensor that was compared in the same way has them, if it has them all in this order.
      func chosen(_ index: Int) -> [Int]? {
        let former = tensors[index]
        guard
          former.shape == tensor.shape, former.statistics == tensor.statistics,
          former.spectrum == tensor.spectrum, former.sketch == tensor.sketch, former.isDouble == tensor.isDouble
        else { return nil }
        var found: [Int] = []
        for copy in copies {
          guard let place = places[Placed(copy: copy, tensor: index)], place > found.last ?? -1 else { return nil }
          found.append(place)
        }
        return found
      }
      guard let old = (homes[copies[0]] ?? []).first(where: { chosen($0) != nil }), let rows = chosen(old) else {
        continue
      }
      // Of no other tensors: a damaged outline may speak of more shards than there is memory for.
      let former = tensors[old]
      let shards =
        cut[old]
        ?? Plan.shards(
          of: former.shape, tensor: old, models: former.copies.reduce(0) { $0 + models(of: $1).count },
          statistics: former.statistics, samples: former.samples, spectrum: former.spectrum, from: firsts[old])
      cut[old] = shards
      // Sums of other pieces were added in another order.
      guard let match = shards.first(where: { $0.coordinates == shard.coordinates }), match.samples >= shard.samples,
        match.pieces == shard.pieces, shard.pieces == 1 || cutting == ShardGeometry.cutting
      else { continue }
      let held = PartialSchema(
        models: former.copies.reduce(0) { $0 + models(of: $1).count }, statistics: tensor.statistics,
        samples: SampleGrid.shapes(
          columns: tensor.shape.columns, coordinates: shard.coordinates, count: match.samples),
        sketch: tensor.sketch)
      found.append(Reuse(shard: shard.id, old: match.id, held: held, places: rows, samples: shard.samples))
    }
    return found
  }

  private func models(of copies: Tensor.Copies) -> [Int] { copies.models ?? Array(models.indices) }

  /// A tensor of a model of the old plan, or a part of it.
  private struct Copy: Hashable {
    var model: Int
    var name: ByteString
    var firstRow: Int
  }

  /// One of them in an old tensor.
  private struct Placed: Hashable {
    var copy: Copy
    var tensor: Int
  }

  /// More than a plan makes; a damaged outline may have any number.
  private static let mostBlocks = 1 << 12

  /// The number of each tensor's first shard in the old plan.
  private var firstShards: [Int] {
    var next = 0
    return tensors.map { tensor in
      defer { next += ShardGeometry.count(of: tensor.shape) }
      return next
    }
  }
}

extension PlannedTensor {
  fileprivate var isDouble: Bool { copies.contains { $0.elementType == .f64 } }
}
