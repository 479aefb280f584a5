package import Core

/// Groups of models that descend from one foundation model.
package enum Families {
  /// Connected components of relatedness.
  ///
  /// - Returns: a family number per model, counted in order of first appearance.
  package static func connected(_ n: Int, related: (Int, Int) -> Bool) -> [Int] {
    var family = Array(repeating: -1, count: n)
    var count = 0
    for start in 0..<n where family[start] < 0 {
      family[start] = count
      var open = [start]
      while let i = open.popLast() {
        for j in 0..<n where family[j] < 0 && related(i, j) {
          family[j] = count
          open.append(j)
        }
      }
      count += 1
    }
    return family
  }

  /// Joins families most pairs of which are related in a way that single pairs do not prove: a model of two origins
  /// comes to the one that most of it is from, and two such models make no relatives of their families.
  ///
  /// - Parameters:
  ///   - families: a number per model.
  ///   - related: symmetric.
  package static func joined(_ families: [Int], related: (Int, Int) -> Bool) -> [Int] {
    var families = families
    let pairs = families.indices.flatMap { i in
      families.indices.dropFirst(i + 1).filter { families[i] != families[$0] && related(i, $0) }.map { (i, $0) }
    }
    guard !pairs.isEmpty else { return families }
    // Only these families matter; pairs between them are counted once, and added up when two are joined.
    let open = Set(pairs.flatMap { [families[$0], families[$1]] }).sorted()
    let place = Dictionary(uniqueKeysWithValues: open.enumerated().map { ($1, $0) })
    let n = open.count
    var sizes = Array(repeating: 0.0, count: n)
    for family in families { if let k = place[family] { sizes[k] += 1 } }
    var counts = Array(repeating: 0.0, count: n * n)
    for (i, j) in pairs {
      guard let a = place[families[i]], let b = place[families[j]] else { continue }
      counts[a * n + b] += 1
      counts[b * n + a] += 1
    }
    var joined = Array(0..<n)
    while true {
      var best: (a: Int, b: Int, share: Double)?
      for a in 0..<n where joined[a] == a {
        for b in (a + 1)..<n where joined[b] == b {
          let share = counts[a * n + b] / (sizes[a] * sizes[b])
          if share > 0.5, share > best?.share ?? 0 { best = (a, b, share) }
        }
      }
      guard let (a, b, _) = best else { break }
      for c in 0..<n where c != a && c != b {
        counts[a * n + c] += counts[b * n + c]
        counts[c * n + a] = counts[a * n + c]
      }
      sizes[a] += sizes[b]
      joined = joined.map { $0 == b ? a : $0 }
    }
    // A model alone goes with the only family that it shares so much with, even where most of its models do not: they
    // may have parts of others themselves. It cannot fuse families, as it brings none.
    let before = joined
    for a in 0..<n where before[a] == a && sizes[a] == 1 {
      let related = (0..<n).filter { before[$0] == $0 && sizes[$0] > 1 && counts[a * n + $0] > 0 }
      if related.count == 1 { joined[a] = related[0] }
    }
    families = families.map { family in place[family].map { open[joined[$0]] } ?? family }
    return numbered(families)
  }

  /// A given number of families by Ward linkage of the distances, as the published method does.
  ///
  /// - Parameters:
  ///   - distances: n x n; pairs without a distance (NaN) count as twice the largest.
  ///   - count: clamped to 1...n.
  package static func ward(_ distances: SquareMatrix, count: Int) -> [Int] {
    let n = distances.n
    var filled = distances
    let largest = distances.values.reduce(0) { $1 > $0 ? $1 : $0 }
    for p in filled.values.indices where filled.values[p].isNaN { filled.values[p] = 2 * largest }
    let merges = WardLinkage.merges(filled)
    var parent = Array(0..<n)
    func root(_ i: Int) -> Int {
      var i = i
      while parent[i] != i { i = parent[i] }
      return i
    }
    for merge in merges.prefix(n - min(max(count, 1), n)) {
      let (a, b) = (root(merge.a), root(merge.b))
      parent[max(a, b)] = min(a, b)
    }
    return numbered((0..<n).map(root))
  }

  /// Renames labels to 0, 1, ... in order of first appearance.
  static func numbered(_ labels: [Int]) -> [Int] {
    var numbers: [Int: Int] = [:]
    return labels.map { label in
      let number = numbers[label] ?? numbers.count
      numbers[label] = number
      return number
    }
  }
}
