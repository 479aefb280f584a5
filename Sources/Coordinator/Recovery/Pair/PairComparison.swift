internal import Checkpoints
internal import Coordination
internal import Core
internal import Encodings
internal import Foundation
internal import Graph
internal import Lineage
internal import Planning
package import Reports
internal import Storage
package import System

/// Compares two models: a small recovery of its own, in a folder that the caller removes.
package struct PairComparison {
  private let paths: [String]
  private let hashes: Bool
  private let align: Bool
  private let folder: String
  private let pool: PoolMaker
  private let report: RunEventHandler

  /// Makes the workers of a comparison, whose journal is in the directory.
  package typealias PoolMaker = (RunDirectory) throws(Failure) -> ShardPool

  /// - Parameters:
  ///   - first: path of a model.
  ///   - second: path of the other.
  ///   - hashes: read all files once more for their SHA-256?
  ///   - align: look for one model in the other's disguise?
  ///   - folder: for stores and the journal; workers must see it under the same path.
  ///   - report: receives what happens, on the thread that it happens on.
  ///   - pool: makes the workers.
  package init(
    _ first: String, _ second: String, hashes: Bool, align: Bool = true, folder: String,
    report: @escaping RunEventHandler, pool: @escaping PoolMaker
  ) {
    paths = [first, second]
    self.hashes = hashes
    self.align = align
    self.folder = folder
    self.pool = pool
    self.report = report
  }

  /// Worker processes on this machine.
  ///
  /// - Parameter memoryBytes: of each worker.
  static func local(
    workers: Int, memoryBytes: Int, interruption: Interruption, report: @escaping RunEventHandler
  ) -> PoolMaker {
    { directory throws(Failure) in
      let local = LocalWorkers.Options(count: workers, memoryBytes: memoryBytes, logPath: directory.log)
      return try ShardPool(.local(local), interruption: interruption, logger: directory.logger, report: report)
    }
  }

  /// The answer, and the same as a graph of two nodes with the files that it is bound to.
  package struct Answer {
    package let verdict: PairVerdict
    package let attestation: Attestation
    /// ISO 8601.
    package let created: String
  }

  /// - Throws: `Failure` (usage) unless each path holds one model; and what a recovery throws.
  package func answer() throws(Failure) -> Answer {
    for (number, path) in paths.enumerated() { try requireOne(path, number) }
    let real = paths.map { ByteString(URL(fileURLWithPath: $0).resolvingSymlinksInPath().standardizedFileURL.path) }
    guard real[0] != real[1] else { throw same }
    let directory = try RunDirectory(path: "\(folder)/run", redo: false)
    let pool = try pool(directory)
    let recovery = Recovery(
      Invocation(inputs: paths, lineage: LineageOptions(), align: align), directory: directory, pool: pool,
      mayChangeModels: false,
      report: report)
    var tally = ComponentTally()
    let (plan, lineage, tree) = try recovery.solve { tensor throws(Failure) in tally.add(tensor) }
    guard plan.collectionCount == 2 else { throw same }
    let models = try plan.models.prefix(2).enumerated().map { number, model throws(Failure) in
      PairVerdict.Model(
        id: model.id, path: model.path, format: tree.nodes[number].model?.format,
        encodings: model.encodingTitles, parameters: model.parameters,
        compared: plan.tensors.filter { $0.models.contains { plan.owner($0) == number } && $0.copies.count == 2 }
          .reduce(0) { $0 + $1.shape.elements }, files: try files(of: model))
    }
    let notes =
      plan.notes + lineage.unusable.notes(plan.models) + lineage.adapters.compactMap { $0.note(plan.models) }
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    let verdict = PairVerdict(
      tree, models: models, ratio: finite(lineage.relatedness[0, 1]), distance: finite(lineage.distances[0, 1]),
      probability: finite(lineage.probability[0, 1]),
      components: tally.components, isOpen: lineage.adapters.contains { $0.base == nil && $0.absence != .strange },
      notes: notes.map { "\($0.subject.printable): \($0.text)" })
    let created = Date().formatted(.iso8601)
    return Answer(
      verdict: verdict,
      attestation: Attestation(
        tree, files: Dictionary(models.map { ($0.id, $0.files) }, uniquingKeysWith: { first, _ in first }),
        created: created, finding: verdict.finding), created: created)
  }

  private var same: Failure {
    .usage("'\(paths[0].printable)' and '\(paths[1].printable)' are the same model", advice: "name two different ones")
  }

  private func requireOne(_ path: String, _ number: Int) throws(Failure) {
    let found = try CollectionLoader(stores: "\(folder)/look-\(number)", mode: .places).load([path])
    guard found.models.count != 1 else { return }
    throw .usage(
      "'\(path.printable)' holds \(counted(found.models.count, "model")), 'compare' takes one at a time",
      advice: "name one of them, or recover all of them: modeltree recover \(path.printable) --out run")
  }

  private func files(of model: ModelRecord) throws(Failure) -> [AttestedModel.File] {
    try model.sources.map { source throws(Failure) in
      AttestedModel.File(
        path: source.path, bytes: source.bytes, sha256: hashes ? try WeightFile(path: source.path).sha256() : nil)
    }
  }
}
