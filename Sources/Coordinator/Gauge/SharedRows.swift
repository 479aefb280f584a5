internal import Alignment
internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// Rows in the coordinates of the residual stream that two models have in common, whatever their units are: those of
/// tokens, positions and patches, and where no sign and no rotation is possible vectors such as gains of norms.
struct SharedRows {
  private(set) var own: Matrix
  private(set) var other: Matrix
  private let hasMeans: Bool

  /// Rows of a table, and for wide models rows for each coordinate.
  private static let mostRows = 4096
  private static let rowsPerCoordinate = 4

  /// - Parameter isCentered: take the means out of the rows, where norms do? Not of models of different widths, whose
  ///   means are those of different coordinates.
  init(_ own: NetworkWeights, _ other: NetworkWeights, isCentered: Bool = true) throws(Failure) {
    self.init(widths: (own.layout.width, other.layout.width), hasMeans: isCentered && own.layout.hasMeans)
    // Which layer is which of a deeper model is not known here.
    let hasLayers = own.layout.layers == other.layout.layers
    for (number, place) in own.layout.places.enumerated() where hasLayers || place.layer == nil {
      guard let (role, rows) = Self.rows(own, number, place) else { continue }
      guard let match = Self.counterpart(own, number, other), let theirs = Self.rows(other, match, place)?.rows else {
        continue
      }
      if role == .patches {
        if let mine = try own.patches(), let theirs = try other.patches(), mine.rows == theirs.rows {
          add(mine, theirs)
        }
        continue
      }
      // A longer vocabulary begins with the shorter one.
      let count = min(rows, theirs)
      let most = min(count, max(Self.mostRows, Self.rowsPerCoordinate * own.layout.width))
      let chosen = (0..<most).map { $0 * count / most }
      add(try own.rows(number, chosen), try other.rows(match, chosen))
    }
  }

  private init(widths: (own: Int, other: Int), hasMeans: Bool) {
    own = Matrix(zeros: 0, widths.own)
    other = Matrix(zeros: 0, widths.other)
    self.hasMeans = hasMeans
  }

  /// Corresponding rows.
  mutating func add(_ mine: Matrix, _ theirs: Matrix) {
    own = own.above(hasMeans ? Self.centered(mine) : mine)
    other = other.above(hasMeans ? Self.centered(theirs) : theirs)
  }

  /// How many rows a tensor has in these coordinates; nil for one that has none that would serve.
  private static func rows(
    _ weights: NetworkWeights, _ number: Int, _ place: NetworkLayout.Place
  ) -> (role: NetworkRole, rows: Int)? {
    let shape = weights.model.tensors[number].shape
    switch place.role {
    case .table: return (.table, shape.elements / weights.layout.width)
    case .patches where !place.isBias: return (.patches, shape.elements / weights.layout.width)
    case .patches where weights.layout.hasMeans: return (.vector, 1)
    case .vector where weights.layout.hasMeans: return (.vector, 1)
    case .attentionNorm, .mlpNorm, .lastNorm:
      return weights.layout.hasMeans ? (.vector, 1) : nil
    case .output, .down: return place.isBias && weights.layout.hasMeans ? (.vector, 1) : nil
    default: return nil
    }
  }

  /// The tensor of the other model in the same place, of several the one with the same name.
  private static func counterpart(_ own: NetworkWeights, _ number: Int, _ other: NetworkWeights) -> Int? {
    let name = own.names[number]
    return other.names.firstIndex(of: name)
  }

  /// Rows without their means, which such norms take out.
  static func centered(_ matrix: Matrix) -> Matrix {
    var centered = matrix
    for row in 0..<matrix.rows {
      let mean = matrix.row(row).reduce(0, +) / Double(max(1, matrix.columns))
      for column in 0..<matrix.columns { centered[row, column] -= mean }
    }
    return centered
  }
}
