package import Checkpoints
package import System

/// Are the files of the models still what they were when the run began? A worker that had a file open while somebody
/// wrote to it read some of the old and some of the new weights.
package enum SourceCheck {
  /// - Parameter run: the run directory, for the advice.
  /// - Throws: `Failure`: bad input when a file has changed; resumable when one has gone, because what was read of it is
  ///   still right.
  package static func afterComputing(_ models: [ModelRecord], run: String) throws(Failure) {
    var gone: [String] = []
    for model in models {
      do throws(Failure) {
        gone += try model.verifyPresentSources()
      } catch {
        throw .badInput(
          "during the run, \(error.message); what was computed mixes old and new weights",
          advice: "start over with --redo")
      }
    }
    guard let first = gone.first else { return }
    throw Failure(
      .resumable,
      "during the run, \(counted(gone.count, "file")) with weights disappeared, such as '\(first.printable)'",
      advice: "put the files back as they were, then resume with: modeltree resume \(run.printable)")
  }
}
