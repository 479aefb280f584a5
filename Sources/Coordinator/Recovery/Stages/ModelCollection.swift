package import Alignment
package import Checkpoints
package import Core
package import System

/// The first stage of a recovery: the models that were found, as their headers describe them. No weight is read.
///
/// Not called `Collection`, which every Swift file knows as something else.
package struct ModelCollection: Sendable {
  /// In the order in which they were found.
  package var models: [ModelRecord]
  /// The same models before they were brought into the form of others.
  package var imported: [ModelRecord]
  /// How each model corresponds to the others.
  package var alignment: [AlignmentMap]
  /// What was skipped, and why.
  package var notes: [Note]
  /// Narrower models with the views that they are compared with, by number. Views come after all models of the collection.
  package var widths: [[Int]] = []

  package init(models: [ModelRecord], alignment: [AlignmentMap] = [], notes: [Note]) {
    self.models = models
    imported = models
    self.alignment = alignment
    self.notes = notes
  }

  /// Models that are compared as they are.
  package var plain: [Int] {
    let narrower = Set(widths.joined())
    return models.indices.filter { models[$0].viewed == nil && !narrower.contains($0) }
  }

  /// Models that are compared with each other; nil: all.
  package var sections: [[Int]]? {
    let plain = plain
    return widths.isEmpty ? nil : (plain.count > 1 ? [plain] : []) + widths
  }

  /// Some of the models.
  func part(_ chosen: [Int]) -> ModelCollection {
    var part = ModelCollection(
      models: chosen.map { models[$0] }, alignment: chosen.map { alignment[$0] }, notes: notes)
    part.imported = chosen.map { imported[$0] }
    return part
  }

  /// - Throws: `Failure` (bad input) when there is nothing to compare.
  package func requireTwo() throws(Failure) {
    guard models.count < 2 else { return }
    let found = models.first.map { "only one model, '\($0.id.printable)'" } ?? "no usable model"
    let reasons = notes.map { "\n  \($0.subject.printable): \($0.text)" }.joined()
    throw .badInput(
      "\(found): a tree needs at least two\(reasons)", advice: "give more models, or their folder")
  }
}
