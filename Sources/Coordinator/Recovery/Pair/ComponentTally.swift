internal import Core
internal import Reports

/// Adds up how far two models are apart in each part of the network.
struct ComponentTally {
  private struct Sum {
    var tensors = 0
    var weights = 0
    var apart = 0.0
    var energy = 0.0
  }

  private var sums: [String: Sum] = [:]

  /// - Parameter tensor: of two models; what only one of them has is passed over.
  mutating func add(_ tensor: TensorSums) {
    guard tensor.models.count == 2, let l2 = tensor.sums.l2.first, l2.isFinite else { return }
    let moments = tensor.sums.moments
    let count = Double(tensor.shape.elements)
    let shift = moments[0].mean - moments[1].mean
    var sum = sums[Self.name(of: tensor)] ?? Sum()
    sum.tensors += 1
    sum.weights += tensor.shape.elements
    // Rounding may leave slightly less than 0 when two models differ by a constant.
    sum.apart += max(0, l2 - count * shift * shift)
    sum.energy += moments[0].m2 + moments[1].m2
    sums[Self.name(of: tensor)] = sum
  }

  /// Those with most weights first.
  var components: [PairVerdict.Component] {
    sums.sorted { ($1.value.weights, $0.key) < ($0.value.weights, $1.key) }.map { name, sum in
      PairVerdict.Component(
        name: name, tensors: sum.tensors, weights: sum.weights, ratio: sum.energy > 0 ? sum.apart / sum.energy : nil)
    }
  }

  private static func name(of tensor: TensorSums) -> String {
    switch tensor.part {
    case .constant: "constants"
    case .tokens: "token table"
    case .table: "position and other tables"
    case .head: "head"
    case .body: tensor.role == .linear ? "linear maps" : "norms and biases"
    }
  }
}
