import Foundation
import Journal
import Planning
import System

extension RunIdentity {
  /// What a journal says its run is; nil for a journal that was only just made.
  ///
  /// - Throws: `Failure` (bad input) when the journal has shards and does not say whose they are, or cannot be
  ///   understood: what cannot be compared is never taken for the same.
  init?(recordedIn journal: Journal) throws(Failure) {
    guard let text = try journal.identity() else { return nil }
    guard let known = try? JSONDecoder().decode(RunIdentity.self, from: Data(text.utf8)) else {
      throw .badInput(
        "the journal '\(journal.path.printable)' is damaged: what it says of its models cannot be read",
        advice: "start over with --redo, or restore the run directory from a copy")
    }
    self = known
  }
}
