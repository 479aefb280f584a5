internal import Core
internal import Fingerprints
package import Registry
internal import Reports
package import System

/// Says who a model is, by a registry.
package struct ModelScan {
  private let path: String
  private let registry: String
  private let top: Int
  private let threads: Int
  private let folder: String

  /// - Parameters:
  ///   - path: of the model.
  ///   - registry: folder of the fingerprints that it is compared with.
  ///   - top: candidates for the parent that are named.
  ///   - threads: tensors that are read at the same time.
  ///   - folder: for its store; the caller removes it.
  package init(_ path: String, registry: String, top: Int, threads: Int, folder: String) {
    self.path = path
    self.registry = registry
    self.top = top
    self.threads = threads
    self.folder = folder
  }

  /// - Throws: `Failure`: usage unless the path holds one model; bad input where it cannot be fingerprinted, or there is
  ///   no registry.
  package func answer() throws(Failure) -> ScanAnswer {
    // Before anything is read.
    let scan = try RegistryScan(registry, top: top)
    let found = try FoundModels([path], folder: folder)
    guard let source = found.sources.first, found.sources.count == 1 else {
      throw .usage(
        "'\(path.printable)' holds \(counted(found.sources.count, "model")), 'scan' takes one",
        advice:
          "name one of them, or add all of them: modeltree fingerprint \(path.printable) --registry \(registry.printable)"
      )
    }
    let record = try found.record(of: source)
    let fingerprint = try FingerprintMaker(threads: threads).fingerprint(of: record)
    let entry = try RegistryEntry(record, fingerprint, hashes: true, added: "", card: ModelCard())
    return try scan.run(fingerprint, suspect: entry)
  }

  /// Compares the model with those of its answer's candidates whose weights are still where they were.
  ///
  /// - Throws: what a comparison throws.
  package func exact(_ answer: ScanAnswer, interruption: Interruption) throws(Failure) -> ExactScan {
    var exact = ExactScan(scan: answer)
    for (number, candidate) in (answer.copies.prefix(1).map(\.model) + answer.shortlist).enumerated() {
      guard FileStatus(path: candidate.path) != nil else {
        exact.missing.append(candidate)
        continue
      }
      exact.comparisons.append(
        try PairComparison(
          candidate.path, path, hashes: false, folder: "\(folder)/exact-\(number)", report: { _ in },
          pool: PairComparison.local(
            workers: threads, memoryBytes: Self.memory, interruption: interruption, report: { _ in })
        ).answer().verdict)
    }
    return exact
  }

  /// Of each worker of a comparison, in bytes.
  private static let memory = 1_000_000_000
}
