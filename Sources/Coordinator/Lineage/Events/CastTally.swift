internal import Core

/// Is one model the other, rounded to a shorter floating-point type and perhaps stored in a longer one again?
///
/// Decided weight by weight: every sampled weight of the copy is the rounded weight of the source. Training that moves
/// weights by less than the type resolves leaves some of them on the other side of a boundary.
struct CastTally: Sendable {
  /// Ways to round that no weight rules out: from the first to the second, and back.
  private var forward: [Bool]
  private var backward: [Bool]
  private var differing = 0

  /// Fewer weights that rounding changed prove nothing.
  private static let fewest = 64

  private static let roundings: [@Sendable (Float) -> Float] = [
    { bits(of: $0) { ($0 &+ 0x7fff &+ ($0 >> 16 & 1)) & 0xffff_0000 } },
    { bits(of: $0) { $0 & 0xffff_0000 } },
    { Float(Float16($0)) },
  ]

  private static func bits(of value: Float, _ change: (UInt32) -> UInt32) -> Float {
    value.isFinite ? Float(bitPattern: change(value.bitPattern)) : value
  }

  init() {
    forward = Self.roundings.map { _ in true }
    backward = forward
  }

  private var isRefuted: Bool { !forward.contains(true) && !backward.contains(true) }

  /// 1: the second is the first, rounded; -1: the other way around; 0: neither.
  var verdict: Int {
    guard differing >= Self.fewest, forward.contains(true) != backward.contains(true) else { return 0 }
    return forward.contains(true) ? 1 : -1
  }

  /// - Parameters:
  ///   - i: place of the first model in the block; `j` of the second.
  mutating func add(_ block: SampleBlock, _ i: Int, _ j: Int) {
    guard !isRefuted else { return }
    for (x, y) in zip(block.values(of: i), block.values(of: j)) where x != y {
      differing += 1
      for (way, round) in Self.roundings.enumerated() {
        if forward[way], round(x) != y { forward[way] = false }
        if backward[way], round(y) != x { backward[way] = false }
      }
      guard !isRefuted else { return }
    }
  }
}
