internal import Foundation
internal import Journal
package import System

/// What can be read from a run directory without holding its lock.
package enum RunFiles {
  /// - Throws: `Failure` (bad input) when the folder is not a run directory.
  package static func require(_ path: String) throws(Failure) {
    guard FileManager.default.fileExists(atPath: "\(path)/\(RunDirectory.journalName)") else {
      throw .badInput(
        "'\(path.printable)' is not a run directory (it has no journal.sqlite)",
        advice: "name the folder that was given with --out")
    }
  }

  /// - Parameter journal: path of the run's journal.
  /// - Throws: `Failure`: the journal cannot be read, or does not say what the run was asked for.
  package static func invocation(_ journal: String) throws(Failure) -> Invocation {
    guard let json = try Journal(reading: journal).setting(Invocation.setting) else {
      throw .badInput(
        "'\(journal.printable)' does not say what the run was asked for: it stopped before it had a plan",
        advice: "run 'modeltree recover' again")
    }
    return try Invocation(json: json, from: journal)
  }
}
