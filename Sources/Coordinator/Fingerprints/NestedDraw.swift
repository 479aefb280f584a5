internal import System

/// Random places that do not depend on how many are drawn: a longer draw begins with a shorter one.
///
/// Part of the format of fingerprints: another draw makes other fingerprints.
enum NestedDraw {
  /// Distinct numbers below `total` in the order of the draw.
  ///
  /// - Parameter seed: says what is drawn for, such as the shape of a matrix.
  static func of(_ count: Int, below total: Int, seed: String) -> [Int] {
    let count = min(count, total)
    guard count > 0 else { return [] }
    var random = RandomStream(seed: start(seed))
    var seen: Set<Int> = []
    var drawn: [Int] = []
    while drawn.count < count {
      let number = Int(random.next().multipliedFullWidth(by: UInt64(total)).high)
      if seen.insert(number).inserted { drawn.append(number) }
    }
    return drawn
  }

  /// The numbers below `total` with the least hashes: tables of different lengths share most of them.
  static func least(_ count: Int, of range: Range<Int>, seed: String) -> [Int] {
    let start = start(seed)
    func hash(_ number: Int) -> UInt64 {
      var random = RandomStream(seed: start ^ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
      return random.next()
    }
    guard count < range.count else { return range.sorted { (hash($0), $0) < (hash($1), $1) } }
    // A bound that a few more than needed are below keeps the sorting short.
    let share = min(1, 2 * Double(count + 16) / Double(range.count))
    let bound = share >= 1 ? UInt64.max : UInt64(share * 0x1p64)
    var chosen = range.filter { hash($0) < bound }
    if chosen.count < count { chosen = Array(range) }
    return Array(chosen.map { (hash($0), $0) }.sorted { $0 < $1 }.prefix(count).map(\.1))
  }

  private static func start(_ seed: String) -> UInt64 { Fingerprint(of: seed.utf8).value }
}
