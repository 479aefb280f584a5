package import Checkpoints
internal import Foundation
package import System

/// Are the files of the models still what they were when the run began? A worker that had a file open while somebody
/// wrote to it read some of the old and some of the new weights.
package enum SourceCheck {
  /// - Parameter run: the run directory, for the advice.
  /// - Throws: `Failure`: resumable when a file has gone, because what was read of it is still right; bad input when
  ///   one has changed.
  package static func afterComputing(_ models: [ModelRecord], run: String) throws(Failure) {
    for model in models {
      do throws(Failure) {
        try model.verifySources()
      } catch {
        if let file = error.missing, !FileManager.default.fileExists(atPath: file) {
          throw Failure(
            .resumable, "during the run, \(error.message)",
            advice: "put the file back as it was, then resume with: modeltree resume \(run)")
        }
        throw .badInput(
          "during the run, \(error.message); what was computed mixes old and new weights",
          advice: "start over with --redo")
      }
    }
  }
}
