internal import Checkpoints
internal import Core
internal import Dispatch
internal import Fingerprints
internal import Foundation
internal import Planning
internal import Registry
internal import Synchronization
internal import System

/// Divides a collection that is too large to compare all pairs: by fingerprints, which are made where a registry does not
/// have them.
struct CollectionSections {
  /// See `SectionSearch`; without those that are too large.
  let sections: [[Int]]
  /// Of sections that are too large to compare all their pairs: see `NeighborhoodSearch`.
  let covers: [PairCover]
  /// What is not compared, and why.
  let notes: [Note]

  /// Is it better not to compare all pairs?
  static func areNeeded(_ whole: Plan) -> Bool {
    whole.solvingBytes > PairChoice.mostMemory || whole.journalBytes > PairChoice.mostJournal
  }

  /// Models whose fingerprints are made at the same time.
  private static let portion = 64

  /// - Parameters:
  ///   - path: of the registry.
  ///   - isAddedTo: is it made where there is none, and does it get the fingerprints that it does not have? Otherwise
  ///     these are used and forgotten.
  ///   - neighborhoods: from when on only near models of a section are compared; nil: never.
  /// - Throws: `Failure`: weights that cannot be read, a registry that cannot be used.
  init(
    _ collection: ModelCollection, registry path: String, isAddedTo: Bool,
    neighborhoods bounds: NeighborhoodSearch.Bounds?, report: RunEventHandler
  ) throws(Failure) {
    if !isAddedTo { try Self.requireRegistry(path) }
    let models = collection.models
    var wanted = models.map { KnownModels.Wanted(id: $0.id, files: $0.sources) }
    let writer = try RegistryWriter(path)
    // The files of a model that was brought into other coordinates are those of a stranger.
    let missing = models.indices.filter {
      models[$0].adapter == nil && models[$0].restored == nil && !writer.knows(models[$0].id, files: models[$0].sources)
    }
    let restored = models.indices.filter { models[$0].adapter == nil && models[$0].restored != nil }
    report(
      .fingerprinting(known: models.count { $0.adapter == nil } - missing.count - restored.count, made: missing.count))
    var reasons: [Int: String] = [:]
    var held: [(number: Int, fingerprint: ModelFingerprint)] = []
    for start in stride(from: 0, to: missing.count, by: Self.portion) {
      let portion = Array(missing[start..<min(start + Self.portion, missing.count)])
      // As they came, since other models must not change what a registry says of them.
      for (number, result) in zip(portion, Self.fingerprints(portion.map { collection.imported[$0] })) {
        switch result {
        case .success(let fingerprint) where !isAddedTo: held.append((number, fingerprint))
        case .success(let fingerprint):
          let entry = try RegistryEntry(
            collection.imported[number], fingerprint, hashes: false, added: Date().formatted(.iso8601),
            card: ModelCard(of: models[number]))
          try writer.add(entry, fingerprint)
          wanted[number].identity = fingerprint.identity
        case .failure(let failure):
          guard failure.kind == .badInput else { throw failure }
          reasons[number] = failure.message
        }
      }
    }
    var known = try KnownModels(path, wanted)
    for (number, result) in zip(restored, Self.fingerprints(restored.map { models[$0] })) {
      known.hold(try result.get(), of: number)
    }
    for (number, fingerprint) in held { known.hold(fingerprint, of: number) }
    let found = try SectionSearch.run(known)
    var (sections, covers): ([[Int]], [PairCover]) = ([], [])
    for members in found.sections {
      let cover = try bounds.flatMap { bounds throws(Failure) in
        try NeighborhoodSearch.run(known, members, bounds: bounds)
      }
      if let cover { covers.append(cover) } else { sections.append(members) }
    }
    (self.sections, self.covers) = (sections, covers)
    notes = Self.notes(models, found, known.areKnown, reasons) + covers.map { Self.note(models, $0) }
  }

  /// - Throws: `Failure` (bad input) when there is no registry where a journal says that one is.
  private static func requireRegistry(_ path: String) throws(Failure) {
    do throws(Failure) {
      _ = try RegistryFolder(path)
    } catch {
      throw .badInput(
        "the journal names a registry that cannot be used: \(error.message)",
        advice: "to create it there, or to use another one: modeltree resume RUN --registry DIR")
    }
  }

  private static func fingerprints(_ models: [ModelRecord]) -> [Result<ModelFingerprint, Failure>] {
    let results = Mutex<[Int: Result<ModelFingerprint, Failure>]>([:])
    DispatchQueue.concurrentPerform(iterations: models.count) { place in
      let result = Result { () throws(Failure) in try FingerprintMaker(threads: 1).fingerprint(of: models[place]) }
      results.withLock { $0[place] = result }
    }
    return results.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// On models that are too many to compare all their pairs.
  private static func note(_ models: [ModelRecord], _ cover: PairCover) -> Note {
    let members = cover.blocks.flatMap(\.own).sorted()
    return Note(
      subject: "neighborhoods",
      text:
        "of the \(members.count) models of the section of '\(models[members[0]].id.printable)', \(cover.pairs) of \(PairIndex(members.count).count) pairs are compared weight by weight, in \(counted(cover.blocks.count, "neighborhood")) of models that are near by fingerprint: each model with its \(cover.nearest) nearest at least"
    )
  }

  private static func notes(
    _ models: [ModelRecord], _ found: SectionSearch.Findings, _ areKnown: [Bool], _ reasons: [Int: String]
  ) -> [Note] {
    let alone = found.alone.filter { areKnown[$0] }
    var notes = [
      Note(
        subject: "sections",
        text:
          "fingerprints divide the models into \(counted(found.sections.count, "section")) of models that are compared weight by weight; \(found.pairsApart) of \(PairIndex(models.count).count) pairs are not. No two of these are more alike in their samples than by a cosine of \(fixed(found.largestCosine, 2)); models with one of \(fixed(found.leastSeen, 2)) or more would have been put together. Parts that models of different sections have in common are not looked for"
      )
    ]
    if found.incomparable > 0 {
      notes.append(
        Note(
          subject: "sections",
          text: "\(counted(found.incomparable, "pair")) of models have no sampled tensor in common"))
    }
    if let first = alone.first {
      notes.append(
        Note(
          subject: "sections",
          text:
            "\(counted(alone.count, "model")), such as '\(models[first].id.printable)', \(alone.count == 1 ? "is" : "are") like no other by fingerprint, and compared with none"
        ))
    }
    for number in models.indices where !areKnown[number] {
      let reason =
        models[number].adapter != nil
        ? "is an adapter, which has no fingerprint; it is compared with no model, recover it together with its base's family"
        : "has no fingerprint and is compared with no model: \(reasons[number] ?? "it is not in the registry")"
      notes.append(Note(subject: models[number].id, text: reason))
    }
    return notes
  }
}
