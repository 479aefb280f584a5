package import Alignment
import Core
import Foundation
package import Checkpoints
package import Storage
package import System

/// Paths in, model records out: finding and importing with one rule for what is broken.
package struct CollectionLoader {
  package private(set) var records: [ModelRecord] = []
  /// How each of the records corresponds to the others.
  package private(set) var alignment: [AlignmentMap] = []
  package private(set) var notes: [Note]

  /// - Parameter folder: where the stores of raw models are made.
  /// - Throws: `Failure` when a model named on the command line is broken. One that was only found
  ///   in a folder is skipped with a note.
  package init(_ paths: [String], stores folder: String, mode: ModelStoreWriter.Mode) throws(Failure) {
    let finder = try ModelFinder(paths)
    notes = finder.notes
    try Importer.prepare(folder: folder)
    for source in finder.models {
      do throws(Failure) {
        records.append(try Importer.importModel(source, into: folder, mode: mode))
      } catch {
        guard !source.isExplicit, error.kind == .badInput else { throw error }
        notes.append(Note(subject: source.id, text: "skipped: \(error.message)"))
      }
    }
    alignment = try Aligner.maps(of: records)
  }

  /// - Throws: `Failure` when there is nothing to compare.
  package func requireTwo() throws(Failure) {
    guard records.count < 2 else { return }
    let found = records.first.map { "only one model, '\($0.id.printable)'" } ?? "no usable model"
    let reasons = notes.map { "\n  \($0.subject.printable): \($0.text)" }.joined()
    throw .badInput(
      "\(found): a tree needs at least two\(reasons)", advice: "give more models, or their folder")
  }
}
