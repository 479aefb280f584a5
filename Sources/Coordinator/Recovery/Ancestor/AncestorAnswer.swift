internal import Foundation
internal import System

/// What `modeltree ancestor` wrote, and how well the children agree on it.
package struct AncestorAnswer: Encodable, Sendable {
  package struct LeftOut: Encodable, Sendable, Equatable {
    package var id: String
    package var reason: String
  }

  package struct Tensor: Encodable, Sendable, Equatable {
    package var name: String
    package var origin: String
    /// Of the children's updates, in the order of the children; nil unless it was recovered from them.
    package var ranks: [Int]?
    /// Relative: what two sets of children, each of which decides the tensor, differ by; of a mean its standard error.
    /// nil where nothing checks it.
    package var error: Double?
  }

  package var node: String
  package var file: String
  package var children: [String]
  package var leftOut: [LeftOut]
  package var weights: Int
  /// Weights that are no more than the mean of the children.
  package var estimatedWeights: Int
  /// Relative difference of what two sets of the children say of the recovered tensors; nil where none was recovered.
  package var disagreement: Double?
  package var tensors: [Tensor]

  package var json: String { JSONText.answer(self) }

  package var text: String {
    func count(_ origin: AncestorTensor.Origin) -> Int { tensors.count { $0.origin == origin.rawValue } }
    var lines = [
      "wrote \(node) to '\(file.printable)', from \(counted(children.count, "child", "children")): "
        + children.map(\.printable).joined(separator: ", "),
      "  \(counted(count(.unchanged), "tensor")) as children have it that did not train it, "
        + "\(count(.recovered)) recovered from updates of low rank, \(count(.estimated)) estimated",
    ]
    if let disagreement {
      lines.append(
        "  two sets of the children differ by \(Self.scientific(disagreement)) of the recovered weights' length")
    }
    if estimatedWeights > 0 {
      let share = 100 * Double(estimatedWeights) / Double(max(1, weights))
      let worst =
        tensors.filter { $0.origin == AncestorTensor.Origin.estimated.rawValue }.compactMap(\.error).max() ?? 0
      lines.append(
        "  \(fixed(share, 2)) % of the weights are means of the children, off by about \(Self.scientific(worst)) of their length at most"
      )
    }
    lines += leftOut.map { "  left out: \($0.id.printable): \($0.reason)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func scientific(_ number: Double) -> String { String(format: "%.1e", number) }
}
