package import Core

/// Models whose weights hold NaN or infinities: found while they were compared.
public struct UnusableWeights: Sendable {
  public struct Finding: Sendable {
    /// Weights that are not finite.
    public var count: UInt64
    /// Tensors that hold some, and the first of them.
    public var tensors: Int
    public var example: String
  }

  /// By model number.
  public private(set) var findings: [Int: Finding] = [:]

  package init() {}

  package mutating func add(_ tensor: TensorSums) {
    for (position, model) in tensor.models.enumerated() {
      let count = tensor.sums.moments[position].notFinite
      guard count > 0 else { continue }
      var finding = findings[model] ?? Finding(count: 0, tensors: 0, example: tensor.name)
      finding.count += count
      finding.tensors += 1
      findings[model] = finding
    }
  }
}
