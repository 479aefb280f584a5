internal import Spectra

/// Makes a rotation of the residual stream exact by the rows that training changed least: least squares with the weight
/// of each row 1 over the square of its distance, as of equations whose errors differ in size.
///
/// Where training left as many rows as they were as there are coordinates, these decide the rotation up to their
/// rounding; fewer may do so if they then fit as no other rows do, since less than half as many would fit by chance.
struct BasisSharpening {
  /// Of length 1.
  private let blocks: [RowsBeside]
  private let width: Int
  private let copies: Int
  private let noise: Double

  /// - Parameters:
  ///   - rows: at least one block, all of the same width; each row counts by its direction, and one of zeros says
  ///     nothing.
  ///   - copies: how many others there are beside the model.
  ///   - noise: mean squared error of rounding both models' rows, over their mean square.
  init(_ rows: [RowsBeside], copies: Int, noise: Double) {
    blocks = rows.map(\.directions)
    width = rows.first?.own.columns ?? 0
    self.copies = copies
    self.noise = noise
  }

  /// Share of the coordinates that so many rows decide, and how much nearer these have to be then.
  private static let few = 0.6
  private static let gap = 0.01
  private static let rounds = 24
  /// Where a decomposition takes minutes.
  private static let fewRounds = 4
  private static let largest = 1024
  /// A round that changes the distance by less than this share of it was the last.
  private static let settled = 1e-3
  /// Squared distance that rounding to floats leaves.
  private static let floats = 1e-14

  /// - Parameter turn: a rotation that is about right.
  func sharpened(_ turn: Matrix) -> Matrix {
    let plain = sharpened(turn, by: copies * width)
    let sharp = sharpened(plain.turn, by: Int(Self.few * Double(copies * width)))
    return sharp.distance <= Self.gap * plain.distance ? sharp.turn : plain.turn
  }

  /// - Parameter count: rows that may be taken for unchanged.
  /// - Returns: the rotation, and the distance of the last of these rows.
  private func sharpened(_ turn: Matrix, by count: Int) -> (turn: Matrix, distance: Double) {
    var (turn, last) = (turn, Double.infinity)
    let rounds = width > Self.largest ? Self.fewRounds : Self.rounds
    for round in 0...rounds {
      let distances = blocks.map { Self.distances($0, turn) }
      let sorted = distances.joined().joined().filter(\.isFinite).sorted()
      guard !sorted.isEmpty else { break }
      let before = last
      last = sorted[min(max(1, count), sorted.count) - 1]
      guard round < rounds, (before - last).magnitude > Self.settled * last else { break }
      let least = max(noise, Self.floats, last * last)
      guard let next = nearest(weighing: distances, least) else { break }
      turn = next
    }
    return (turn, last)
  }

  /// For each of the others and each row, how far it is from the model's own; infinite where it says nothing.
  private static func distances(_ block: RowsBeside, _ turn: Matrix) -> [[Double]] {
    let turned = block.own.times(turn)
    return block.others.map { other in
      zip(turned.rowDistances(from: other), other.rowLengths).map { $1 > 0 ? $0 : .infinity }
    }
  }

  /// The rotation that fits the rows best, each with its weight. All that are beside one row of the model are added up
  /// first: one product serves them together.
  private func nearest(weighing distances: [[[Double]]], _ least: Double) -> Matrix? {
    var sum = Matrix(zeros: width, width)
    for (block, apart) in zip(blocks, distances) {
      var beside = Matrix(zeros: block.own.rows, width)
      for (other, apart) in zip(block.others, apart) {
        beside.addRows(of: other, times: apart.map { least / ($0 * $0 + least) })
      }
      sum = sum.adding(block.own.transposedTimes(beside))
    }
    return sum.nearestOrthogonal
  }
}
