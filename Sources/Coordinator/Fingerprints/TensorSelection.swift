package import Core
internal import Naming

/// Which tensors of a model a fingerprint keeps, and how many weights of each.
///
/// Of many tensors those with the least keys are kept: two models of one architecture keep the same ones, and a model
/// with some more tensors keeps most of what the other keeps.
package struct TensorSelection: Sendable {
  package struct Choice: Sendable, Equatable {
    /// Place among the model's tensors.
    package var tensor: Int
    package var size: SampleShape
    /// Is the spectrum of a block kept?
    package var hasSpectrum: Bool
  }

  /// Weights of all linear maps together.
  private static let linearWeights = 36_000
  /// Of many linear maps, so many are sampled widely: only these show ranks and roundings.
  private static let wideMaps = 16
  private static let wideSide = 40
  private static let widestSide = 96
  private static let narrowSide = 8
  private static let narrowMaps = 160
  private static let tables = 2
  private static let tokenSample = SampleShape(rows: 512, columns: 10)
  private static let headSample = SampleShape(rows: 256, columns: 10)
  private static let otherTable = SampleShape(rows: 64, columns: 10)
  private static let others = 64
  private static let otherWeights = 32

  /// Those that matter most come first.
  package let choices: [Choice]

  /// - Parameter tensors: canonical names and shapes of all tensors of a model.
  package init(_ tensors: [(name: String, shape: TensorShape)]) {
    let described = tensors.enumerated().map { Described(place: $0, name: $1.name, shape: $1.shape) }
      .filter { $0.part != .constant }.sorted { ($0.key, $0.place) < ($1.key, $1.place) }
    let linear = described.filter { $0.role == .linear }
    let tokens = described.filter { $0.part == .tokens && $0.role == .embedding }
    let heads = described.filter { $0.part == .head && $0.role == .head }
    let rest = described.filter { $0.role == .vector || ($0.role == .embedding && $0.part != .tokens) }
    let side =
      linear.count > Self.wideMaps
      ? Self.wideSide
      : min(Self.widestSide, Int(Double(Self.linearWeights / max(1, linear.count)).squareRoot()))
    var choices = linear.prefix(Self.wideMaps).map { tensor in
      Choice(tensor: tensor.place, size: Self.sample(tensor.shape, side), hasSpectrum: true)
    }
    choices += tokens.prefix(Self.tables).map { Choice(tensor: $0.place, size: Self.tokenSample, hasSpectrum: false) }
    choices += heads.prefix(Self.tables).map { Choice(tensor: $0.place, size: Self.headSample, hasSpectrum: false) }
    choices += linear.dropFirst(Self.wideMaps).prefix(Self.narrowMaps).map { tensor in
      Choice(tensor: tensor.place, size: Self.sample(tensor.shape, Self.narrowSide), hasSpectrum: true)
    }
    choices += rest.prefix(Self.others).map {
      Choice(tensor: $0.place, size: Self.otherSample($0.shape, $0.role), hasSpectrum: false)
    }
    self.choices = choices
  }

  /// What is known of a tensor before it is read.
  private struct Described {
    var place: Int
    var part: NetworkPart
    var role: TensorRole
    var shape: TensorShape
    var key: UInt64

    init(place: Int, name: String, shape: TensorShape) {
      self.place = place
      self.shape = shape
      part = NetworkPart(ofName: name)
      role = TensorRole(part, shape: shape)
      key = TensorKey.of(name, shape, isTable: shape.isTable(part))
    }
  }

  private static func otherSample(_ shape: TensorShape, _ role: TensorRole) -> SampleShape {
    guard shape.rows > 1 else { return SampleShape(rows: 1, columns: otherWeights) }
    return role == .embedding ? otherTable : sample(shape, narrowSide)
  }

  /// As square as the tensor allows, with as many weights.
  private static func sample(_ shape: TensorShape, _ side: Int) -> SampleShape {
    let rows = min(side, shape.rows)
    let columns = min(shape.columns, max(side, min(widestSide, side * side / max(1, rows))))
    return SampleShape(rows: rows, columns: columns)
  }
}
