import Checkpoints
import Core
import TestSeed
import TestSupport

/// A small network of convolutions and linear maps with random weights, and disguises of it, written in plain loops.
struct TinyChain {
  /// What follows the maps of hidden steps.
  enum Kind: CaseIterable {
    case plain, batchNorm, groupNorm
  }

  private static let channels = 3
  private static let kernel = 9
  /// Points of a picture that the first linear map reads.
  private static let points = 4
  private static let convolutions = [24, 32]
  private static let linear = [40, 10]

  private let kind: Kind
  /// Per step: outputs x inputs x what belongs to an input.
  private var weights: [[[[Double]]]] = []
  private var biases: [[Double]] = []
  /// Per convolution: gains, what is added, means, variances.
  private var norms: [[[Double]]] = []

  init(_ kind: Kind, using random: inout Seeded) {
    self.kind = kind
    var inputs = (count: Self.channels, size: Self.kernel)
    for (step, outputs) in (Self.convolutions + Self.linear).enumerated() {
      let scale = 1 / Double(inputs.count * inputs.size).squareRoot()
      weights.append(
        (0..<outputs).map { _ in
          (0..<inputs.count).map { _ in (0..<inputs.size).map { _ in scale * random.normal() } }
        })
      biases.append((0..<outputs).map { _ in 0.1 * random.normal() })
      let isConvolution = step + 1 < Self.convolutions.count
      inputs = (outputs, isConvolution ? Self.kernel : step + 1 == Self.convolutions.count ? Self.points : 1)
    }
    for outputs in Self.convolutions {
      norms.append(
        (0..<4).map { row in
          (0..<outputs).map { _ in row == 3 ? Double.random(in: 0.5..<1.5, using: &random) : 1 + 0.3 * random.normal() }
        })
    }
  }

  /// The same with noise as large as a part of the weights, as training leaves it.
  func trained(by amount: Double, using random: inout Seeded) -> TinyChain {
    var other = self
    for step in weights.indices {
      let scale = amount / Double(weights[step][0].count * weights[step][0][0].count).squareRoot()
      other.weights[step] = weights[step].map { $0.map { $0.map { $0 + scale * random.normal() } } }
    }
    return other
  }

  /// Another order of all hidden outputs, and other scales of them.
  func disguised(using random: inout Seeded) -> TinyChain {
    var other = self
    for step in weights.indices.dropLast() {
      let order = Array(weights[step].indices).shuffled(using: &random)
      let hasNorm = step < norms.count && kind != .plain
      let inner = order.map { _ in hasNorm && kind == .groupNorm ? 1 : Double.random(in: 0.5..<1.5, using: &random) }
      let outer = hasNorm ? order.map { _ in Double.random(in: 0.5..<1.5, using: &random) } : inner
      other.weights[step] = order.enumerated().map { place, unit in
        other.weights[step][unit].map { $0.map { $0 * inner[place] } }
      }
      other.biases[step] = order.enumerated().map { biases[step][$1] * inner[$0] }
      if step < norms.count {
        let factors = [outer, outer, inner, inner.map { $0 * $0 }]
        other.norms[step] = zip(norms[step], factors).map { row, factors in
          order.enumerated().map { row[$1] * factors[$0] }
        }
      }
      other.weights[step + 1] = other.weights[step + 1].map { inputs in
        order.enumerated().map { place, unit in inputs[unit].map { $0 / outer[place] } }
      }
    }
    return other
  }

  func write(_ id: String, in folder: TemporaryFolder) throws -> ModelRecord {
    var tensors: [TestTensor] = []
    for (step, weight) in weights.enumerated() {
      let isConvolution = step < Self.convolutions.count
      let name = isConvolution ? "features.\(3 * step)" : "classifier.\(2 * (step - Self.convolutions.count) + 1)"
      let shape =
        isConvolution ? [weight.count, weight[0].count, 3, 3] : [weight.count, weight[0].count * weight[0][0].count]
      tensors.append(TestTensor("\(name).weight", .f32, shape, weight.flatMap { $0.flatMap(\.self) }))
      tensors.append(TestTensor("\(name).bias", .f32, [weight.count], biases[step]))
      guard isConvolution, kind != .plain else { continue }
      let parts = ["weight", "bias", "running_mean", "running_var"].prefix(kind == .batchNorm ? 4 : 2)
      for (part, values) in zip(parts, norms[step]) {
        tensors.append(TestTensor("features.\(3 * step + 1).\(part)", .f32, [values.count], values))
      }
    }
    try folder.write(tensors, to: "\(id)/model.safetensors")
    return try Models.importOne(folder.at(id), into: folder.at("stores"))
  }
}
