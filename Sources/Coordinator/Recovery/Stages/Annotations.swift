internal import Checkpoints
internal import Graph
internal import Hints
internal import Reports
internal import System

/// What the user says about the models beside their weights: a known tree to compare with, and hints. Read before
/// any weight: a file that cannot be used is better refused before hours of work than after.
struct Annotations {
  let truth: Truth?
  private let truthPath: String
  private let source: HintSource?

  /// - Throws: `Failure` (bad input) when a file cannot be read.
  init(_ invocation: Invocation) throws(Failure) {
    truth = try invocation.truth.map { path throws(Failure) in try TruthDocument.read(path) }
    truthPath = invocation.truth ?? ""
    source = try invocation.hints.map { text throws(Failure) in try HintSource(text) }
  }

  /// The hints for these models; nil when the user gave none.
  ///
  /// - Throws: `Failure` (bad input) when a file and the models have no id in common.
  func hints(for models: [ModelRecord], report: RunEventHandler) throws(Failure) -> Hints? {
    if let truth { try check(truth, models, report) }
    return try source?.hints(of: models, report: report)
  }

  private func check(_ truth: Truth, _ models: [ModelRecord], _ report: RunEventHandler) throws(Failure) {
    let ids = Set(models.map(\.id))
    let unknown = truth.models.map(\.id).filter { !ids.contains($0) }
    guard unknown.count < truth.models.count else {
      throw .badInput(
        "the truth file '\(truthPath.printable)' and the models have no id in common",
        advice: "ids are folder or file names, for example '\(models[0].id.printable)'")
    }
    if let first = unknown.first {
      report(.unknownModels(file: "the truth file names", count: unknown.count, example: first))
    }
  }
}
