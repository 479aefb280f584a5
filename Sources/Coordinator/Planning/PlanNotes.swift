internal import Alignment
internal import Checkpoints
internal import Core
internal import Encodings
internal import Naming
internal import Storage
internal import System

/// What a plan leaves out, and why.
enum PlanNotes {
  /// - Parameter sections: models that are compared with each other, by number, those of them that are no guests, and what
  ///   of them matches. Of models that are compared with no other, whoever made the sections says why.
  static func all(
    _ models: [ModelRecord], _ alignment: [AlignmentMap],
    _ sections: [(models: [Int], own: Set<Int>, matching: TensorMatching)], _ tensors: [PlannedTensor]
  ) -> [Note] {
    let collection = models.filter { $0.viewed == nil }
    return files(collection) + types(collection) + SketchSize.notes(tensors) + rearranged(models, alignment)
      + sections.flatMap { section in
        alone(
          section.models.map { models[$0] }, section.matching,
          of: Set(section.models.indices.filter { section.own.contains(section.models[$0]) }))
      }
      + strangers(models, sections.flatMap(\.own).filter { models[$0].viewed == nil }.sorted(), tensors)
  }

  /// What the files hold that is no weights.
  private static func files(_ models: [ModelRecord]) -> [Note] {
    models.flatMap { model in
      (model.checkpoint.notes + (model.adapter?.notes ?? [])).map { Note(subject: model.id, text: $0) }
    }
  }

  private static func types(_ models: [ModelRecord]) -> [Note] {
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
          "\(counted(entry.tensors, "tensor")) of \(counted(entry.models, "model")) skipped, such as '\(entry.example)': \(kind.reason)"
      )
    }
  }

  private static func reason(_ tensor: SkippedTensor) -> String {
    if let reason = tensor.reason { return reason }
    return tensor.extents.contains(0) ? "empty" : "not weights in an encoding that is read"
  }

  /// Tensors that other models have too, but in another arrangement.
  private static func rearranged(_ models: [ModelRecord], _ alignment: [AlignmentMap]) -> [Note] {
    guard alignment.contains(where: { $0.tensors.contains { $0.rearrangement != nil } }) else { return [] }
    let plain = Set(alignment.flatMap { $0.tensors.filter { $0.rearrangement == nil }.map(\.name) })
    return zip(models, alignment).compactMap { model, map in
      let found = zip(model.tensors, map.tensors).filter { _, canonical in
        canonical.rearrangement?.results.contains(where: plain.contains) ?? false
      }
      guard let first = found.first, let rearrangement = first.1.rearrangement else { return nil }
      let steps = rearrangement.steps.map(\.rawValue).joined(separator: ", ")
      return Note(
        subject: model.id,
        text:
          "\(found.count) tensors, such as '\(first.0.name.printable)', are arranged otherwise than in other models ('\((rearrangement.results.first ?? "").printable)': \(steps)); they are not compared with those"
      )
    }
  }

  /// Tensors that one model alone has.
  ///
  /// - Parameter own: places of the models that it is said of.
  private static func alone(_ models: [ModelRecord], _ matching: TensorMatching, of own: Set<Int>) -> [Note] {
    var counts: [Int: Int] = [:]
    for match in matching.matches where !match.isShared { counts[match.copies[0].model, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.filter {
      own.contains($0.key) && models[$0.key].viewed == nil && $0.value < models[$0.key].tensors.count
    }.map {
      Note(
        subject: models[$0.key].id,
        text:
          "\($0.value) of \(counted(models[$0.key].tensors.count, "tensor")) \($0.value == 1 ? "is" : "are") in no other model with this name and shape; \($0.value == 1 ? "it is" : "they are") not read"
      )
    }
  }

  /// Models that share nothing with any other: they become families of one.
  private static func strangers(_ models: [ModelRecord], _ among: [Int], _ tensors: [PlannedTensor]) -> [Note] {
    let places = Dictionary(
      models.indices.filter { models[$0].viewed == nil }.map { (models[$0].id, $0) },
      uniquingKeysWith: { first, _ in first })
    // Who is compared by a view is compared.
    var compared: Set<Int> = []
    for model in tensors.flatMap(\.models) + tensors.flatMap({ $0.updates.map(\.model) }) {
      compared.insert(models[model].viewed.flatMap { places[$0] } ?? model)
    }
    let alone = among.filter { models[$0].adapter?.isWithoutBase ?? false }
    let withoutBase = alone.map {
      Note(
        subject: models[$0].id,
        text: "is an adapter whose weights no model here has; its factors are compared with those of other adapters")
    }
    return withoutBase
      + among.filter { !compared.contains($0) && !alone.contains($0) }.map {
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
