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

  /// Is the second weight the first one, rounded? Converters differ in where they take what lies halfway.
  private static let roundings: [@Sendable (_ source: Float, _ copy: Float) -> Bool] = [
    { source, copy in
      copy.bitPattern & 0xffff == 0 && source.isFinite && copy.sign == source.sign
        && distance(source.bitPattern, copy.bitPattern) <= 0x8000
    },
    { $0.isFinite && $1.bitPattern == $0.bitPattern & 0xffff_0000 },
    { Float(Float16($0)) == $1 },
  ]

  private static func distance(_ a: UInt32, _ b: UInt32) -> UInt32 { a > b ? a - b : b - a }

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
      for (way, isRounded) in Self.roundings.enumerated() {
        if forward[way], !isRounded(x, y) { forward[way] = false }
        if backward[way], !isRounded(y, x) { backward[way] = false }
      }
      guard !isRefuted else { return }
    }
  }
}
