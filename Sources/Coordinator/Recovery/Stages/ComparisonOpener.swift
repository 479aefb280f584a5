internal import Checkpoints
internal import Core
internal import Foundation
package import Journal
internal import Lineage
package import Planning
package import System

/// Makes a plan a run directory's own: a new directory takes it, the directory of the same run resumes it, one with
/// other models of the same kind is extended, and every other one refuses it.
package struct ComparisonOpener {
  private let directory: RunDirectory
  private let invocation: Invocation
  private let mayChangeModels: Bool
  private let report: RunEventHandler

  /// - Parameters:
  ///   - directory: of the run, its lock held.
  ///   - invocation: what the user asked for, which run.json keeps.
  ///   - mayChangeModels: may the directory get other models than it has?
  ///   - report: receives what happens, on the thread that it happens on.
  package init(
    directory: RunDirectory, invocation: Invocation, mayChangeModels: Bool, report: @escaping RunEventHandler
  ) {
    self.directory = directory
    self.invocation = invocation
    self.mayChangeModels = mayChangeModels
    self.report = report
  }

  /// - Parameter journal: the directory's.
  /// - Throws: `Failure` (cannot write) when the directory holds another run; the message names what differs.
  package func open(_ plan: Plan, _ journal: Journal) throws(Failure) -> Comparison {
    let identity = RunIdentity(
      plan: plan, statistics: invocation.lineage.metric.statistics,
      samples: try WeightSample.fingerprints(of: plan.models))
    if let known = try RunIdentity(recordedIn: journal), known != identity {
      guard mayChangeModels, RunExtension.isPossible(from: known, to: identity, notes: plan.notes) else {
        try? FileManager.default.removeItem(atPath: directory.newStores)
        throw otherRun(identity, known)
      }
      try extend(known, identity, plan, journal)
    } else {
      try journal.set(settings(identity, plan))
    }
    return Comparison(
      plan: try adoptStores(plan), identity: identity, journal: journal, resumed: try journal.finishedShards())
  }

  /// What the journal says about the run beside its shards.
  private func settings(_ identity: RunIdentity, _ plan: Plan) -> [String: String] {
    [
      Journal.identitySetting: JSONText.of(identity), Invocation.setting: invocation.json,
      "shards": "\(plan.shards.count)", RunExtension.setting: JSONText.of(PlanOutline(plan)),
    ]
  }

  private func otherRun(_ identity: RunIdentity, _ known: RunIdentity) -> Failure {
    let differences = identity.differences(from: known)
    let shown = differences.prefix(8).map { "\n  \($0)" }.joined()
    let more = differences.count > 8 ? "\n  and \(differences.count - 8) more" : ""
    return .cannotWrite(
      "'\(directory.path.printable)' holds another run:\(shown)\(more)",
      advice: "name another folder with --out, or start over with --redo")
  }

  /// More models, or fewer, than the directory has: what can be kept is kept.
  private func extend(
    _ known: RunIdentity, _ identity: RunIdentity, _ plan: Plan, _ journal: Journal
  ) throws(Failure) {
    let kept = try RunExtension.carryOver(
      journal, from: known, to: identity, plan, settings: settings(identity, plan))
    report(
      .extended(
        added: kept.added, removed: kept.removed, shardsKept: kept.shardsKept, shards: plan.shards.count,
        bytesSaved: kept.bytesSaved, bytes: plan.bytes))
  }

  /// The new stores replace those of an earlier session.
  private func adoptStores(_ plan: Plan) throws(Failure) -> Plan {
    var models = plan.models
    do {
      if FileManager.default.fileExists(atPath: directory.stores) {
        try FileManager.default.removeItem(atPath: directory.stores)
      }
      try FileManager.default.moveItem(atPath: directory.newStores, toPath: directory.stores)
    } catch {
      throw .cannotWrite(
        "cannot put the model stores into '\(directory.stores.printable)': \((error as NSError).localizedDescription)",
        advice: "check that the folder may be written to")
    }
    for index in models.indices where models[index].store.hasPrefix(directory.newStores + "/") {
      models[index].store = directory.stores + models[index].store.dropFirst(directory.newStores.count)
    }
    return plan.moved(to: models)
  }
}
