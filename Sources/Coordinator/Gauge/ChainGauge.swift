internal import Spectra

/// What brings a chain of maps into the coordinates of another and leaves its function as it is: an order and scales of
/// the outputs of each step but the last.
struct ChainGauge: Sendable, Equatable {
  struct Units: Sendable, Equatable {
    /// For each output of the other chain's step the own one.
    var order: [Int]
    /// What each output of the step is multiplied by, in the other's order, before a norm takes the scale out again.
    var inner: [Double]
    /// The same behind the norm; without one, the same numbers.
    var outer: [Double]

    static func same(_ count: Int) -> Units {
      let ones = Array(repeating: 1.0, count: count)
      return Units(order: Array(0..<count), inner: ones, outer: ones)
    }

    var isPermuted: Bool { order != Array(order.indices) }
    var isScaled: Bool { inner.contains { $0 != 1 } || outer.contains { $0 != 1 } }
  }

  /// For each step; the outputs of the last are what they are.
  var units: [Units]

  /// Units that stay where they are, below which a chain counts as one in other coordinates.
  private static let mostMoved = 0.1

  /// Is it nothing but the doubt of single units?
  var isNothing: Bool {
    let all = units.dropLast().reduce(0) { $0 + $1.order.count }
    let moved = units.reduce(0) { $0 + $1.order.enumerated().count { $0.offset != $0.element } }
    return !units.contains(where: \.isScaled) && Double(moved) <= Self.mostMoved * Double(max(1, all))
  }

  /// The same order, and scales that differ by nothing that a float would show.
  func isNear(_ other: ChainGauge) -> Bool {
    zip(units, other.units).allSatisfy { own, other in
      own.order == other.order
        && zip(own.inner + own.outer, other.inner + other.outer).allSatisfy { abs($0 - $1) <= 1e-8 * abs($1) }
    }
  }

  /// What was undone, in the words of `tree.json`.
  var transforms: [String] {
    (units.contains(where: \.isPermuted) ? ["permuted"] : []) + (units.contains(where: \.isScaled) ? ["scaled"] : [])
  }

  /// The weights of a step whose inputs come in the other's order and scale.
  ///
  /// - Parameter matrix: outputs x inputs, those that belong to one output of the step before side by side.
  func reading(_ matrix: Matrix, _ step: Int, _ layout: ChainLayout) -> Matrix {
    guard step > 0 else { return matrix }
    let before = units[step - 1]
    let block = layout.steps[step].columnsPerInput
    let columns = before.order.flatMap { $0 * block..<($0 + 1) * block }
    return matrix.columns(columns).scalingColumns(
      by: before.outer.flatMap { Array(repeating: 1 / $0, count: block) })
  }

  /// The weights of a step as the other chain's coordinates have them.
  func restored(_ matrix: Matrix, _ step: Int, _ layout: ChainLayout) -> Matrix {
    reading(matrix, step, layout).rows(units[step].order).scalingRows(by: units[step].inner)
  }

  /// The same of a vector with a number for each output.
  func restored(_ vector: [Double], _ step: Int, _ use: ChainLayout.Use) -> [Double] {
    let units = units[step]
    return units.order.enumerated().map { place, source in
      switch use {
      case .bias, .mean: vector[source] * units.inner[place]
      case .variance: vector[source] * units.inner[place] * units.inner[place]
      case .gain, .shift: vector[source] * units.outer[place]
      }
    }
  }
}
