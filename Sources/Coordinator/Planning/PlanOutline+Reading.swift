internal import Core
internal import Foundation
package import System

extension PlanOutline {
  /// Reads what a journal says, as a stranger's text.
  ///
  /// - Parameter journal: path of the journal, for messages.
  /// - Throws: `Failure` (bad input) when it is no outline, or one that no plan has: what was kept cannot be told then.
  package init(json: String, from journal: String) throws(Failure) {
    let flaw: String?
    do {
      self = try JSONDecoder().decode(PlanOutline.self, from: Data(json.utf8))
      flaw = self.flaw
    } catch {
      throw Self.damaged(journal, (error as? DecodingError)?.reason ?? "it is not JSON")
    }
    if let flaw { throw Self.damaged(journal, flaw) }
  }

  private static func damaged(_ journal: String, _ reason: String) -> Failure {
    .badInput(
      "the journal '\(journal.printable)' is damaged: what it says of its plan cannot be read: \(reason.printable)",
      advice: "start over with --redo, or restore the run directory from a copy")
  }

  /// Copies of all tensors together; ten thousand models of ten thousand tensors.
  private static let mostCopies = 1 << 27

  /// What no plan has; nil for an outline that can be one's.
  private var flaw: String? {
    var copies = 0
    for tensor in tensors {
      guard tensor.shape.elements <= ShardGeometry.mostWeights, 0...ShardGeometry.mostWeights ~= tensor.firstRow else {
        return "a tensor of shape \(tensor.shape) from row \(tensor.firstRow) on"
      }
      guard 0...SampleGrid.most ~= tensor.samples, 0...SpectrumGrid.largestSide ~= tensor.spectrum else {
        return "a tensor with \(tensor.samples) submatrices of samples and a spectrum of \(tensor.spectrum) columns"
      }
      var own = 0
      for copy in tensor.copies {
        guard copy.models?.allSatisfy(models.indices.contains) ?? true else {
          return "the tensor '\(copy.name)' of a model that is not among its \(models.count)"
        }
        own += copy.models?.count ?? models.count
        guard own <= models.count else { return "the tensor '\(copy.name)' more than once in one model" }
      }
      copies += own
      guard copies <= Self.mostCopies else { return "more than \(Self.mostCopies) copies of tensors" }
    }
    return nil
  }
}
