package import Core

/// Tensors that hold NaN or infinities: found while they were compared. They are left out of the models that have
/// them; a model that has no others is left out altogether.
package struct UnusableWeights: Sendable {
  package struct Finding: Sendable {
    /// Weights that are not finite.
    package var count: UInt64
    /// Tensors that hold some, and the first of them.
    package var tensors: Int
    package var example: String
  }

  /// By model number.
  package private(set) var findings: [Int: Finding] = [:]
  /// Compared tensors of each model.
  private var compared: [Int: Int] = [:]

  package init() {}

  /// Models of which no tensor is left.
  package var models: Set<Int> { Set(findings.keys.filter { findings[$0]?.tensors == compared[$0] }) }

  package mutating func add(_ tensor: TensorSums) {
    for (position, model) in tensor.models.enumerated() {
      compared[model, default: 0] += 1
      let count = tensor.sums.moments[position].notFinite
      guard count > 0 else { continue }
      var finding = findings[model] ?? Finding(count: 0, tensors: 0, example: tensor.name)
      finding.count += count
      finding.tensors += 1
      findings[model] = finding
    }
  }
}
