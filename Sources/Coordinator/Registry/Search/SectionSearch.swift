internal import Core
internal import Dispatch
internal import Fingerprints
internal import Lineage
internal import Synchronization
package import System

/// Divides a collection into sections, so that models of different ones need not be compared weight by weight.
///
/// Two models belong together when the samples that a search looks at first are alike, when most of their tensors hold
/// the same numbers, or when they are related by the rule of families, applied to the whole fingerprints; that is asked
/// where the samples agree more than chance lets them. Whatever belongs together, directly or through others, is one
/// section, so that a section holds one family or several.
package struct SectionSearch: Sendable {
  package struct Findings: Sendable {
    /// Two models or more each, by number, ascending, in the order of their first models.
    package var sections: [[Int]] = []
    /// Models that are compared with no other.
    package var alone: [Int] = []
    /// Pairs of different sections, and those of them without a sampled tensor in common.
    package var pairsApart = 0
    package var incomparable = 0
    /// The largest cosine of the samples of two models that were left apart.
    package var largestCosine = 0.0
    /// The cosine of two models from which on they would not have been left apart, but once in 10 million times.
    package var leastSeen = 0.0
  }

  private let known: KnownModels
  private var links: Links

  /// Cosine of all samples from which on two models belong together without a closer look.
  private static let alike: Float = 0.5
  /// Deviations of chance above which a pair is looked at closely: one pair of strangers in 4,000 is.
  private static let doubt: Float = 3.5
  /// Deviations that an estimate is off once in 10 million times.
  private static let off = 5.2
  /// Models that one thread takes at a time, and pairs that are looked at closely at a time.
  private static let rows = 64
  private static let portion = 256

  private init(_ known: KnownModels) {
    self.known = known
    links = Links(known.models.count)
  }

  /// - Parameter known: a model that is not known belongs to no other.
  /// - Throws: `Failure` (bad input) when a fingerprint is damaged.
  package static func run(_ known: KnownModels) throws(Failure) -> Findings {
    var search = SectionSearch(known)
    return try search.findings()
  }

  private mutating func findings() throws(Failure) -> Findings {
    var findings = Findings()
    joinCopies()
    // Models of which the same tensors were sampled.
    var kinds: [[UInt64]: [Int]] = [:]
    for (number, model) in known.models.enumerated() {
      if let model { kinds[model.row.cellKeys, default: []].append(number) }
    }
    let ordered = kinds.map { (keys: $0.key, models: $0.value) }.sorted { $0.models[0] < $1.models[0] }
    var doubtful: [Doubt] = []
    var fewest = Int.max
    for (a, first) in ordered.enumerated() {
      for (b, second) in ordered.enumerated().dropFirst(a) {
        let cells = SharedCells(first.keys, second.keys)
        guard cells.count > 0 else {
          findings.incomparable +=
            a == b ? PairIndex(first.models.count).count : first.models.count * second.models.count
          continue
        }
        fewest = min(fewest, cells.count)
        doubtful += compare(first.models, a == b ? nil : second.models, cells)
      }
    }
    try decide(doubtful, &findings)
    if fewest < .max {
      let deviation = 1 / Double(fewest * IndexRow.cellWeights).squareRoot()
      findings.leastSeen = (Double(Self.doubt) + Self.off) * deviation
      // What was not looked at closely is below that.
      findings.largestCosine = max(findings.largestCosine, Double(Self.doubt) * deviation)
    }
    let n = known.models.count
    for group in links.groups() {
      if group.count > 1 { findings.sections.append(group) } else { findings.alone += group }
    }
    findings.pairsApart =
      PairIndex(n).count - findings.sections.reduce(0) { $0 + PairIndex($1.count).count }
    return findings
  }

  /// The same weights, or the same numbers in most of the tensors that are known of both.
  private mutating func joinCopies() {
    var identities: [SIMD2<UInt64>: Int] = [:]
    var holders: [UInt64: [Int]] = [:]
    for (number, model) in known.models.enumerated() {
      guard let row = model?.row else { continue }
      if let first = identities[row.identity] { links.join(first, number) } else { identities[row.identity] = number }
      for hash in row.contents where hash != .max { holders[hash, default: []].append(number) }
    }
    // Every holder of a tensor is held against the first one: most that have much in common have that with it.
    var common: [SIMD2<Int>: Int] = [:]
    for holders in holders.values where holders.count > 1 {
      for other in holders.dropFirst() { common[SIMD2(holders[0], other), default: 0] += 1 }
    }
    for (pair, count) in common {
      let least = [pair.x, pair.y].map { number in known.models[number]?.row.contents.count { $0 != .max } ?? 0 }.min()
      if 2 * count >= least ?? .max { links.join(pair.x, pair.y) }
    }
  }

  /// A pair that is more alike than chance.
  private struct Doubt: Sendable {
    var first: Int
    var second: Int
    var cosine: Float
  }

  /// Compares the samples of all models of one kind with each other, or with all of another kind. What is alike is
  /// joined.
  ///
  /// - Returns: what has to be looked at closely.
  private mutating func compare(_ first: [Int], _ second: [Int]?, _ cells: SharedCells) -> [Doubt] {
    let rows = first.map { units($0, cells.first) }
    let columns = second.map { numbers in numbers.map { units($0, cells.second) } } ?? rows
    let others = second ?? first
    let bound = Self.doubt / Float(cells.count * IndexRow.cellWeights).squareRoot()
    let found = Mutex<[Int: (alike: [Doubt], doubtful: [Doubt])]>([:])
    DispatchQueue.concurrentPerform(iterations: (first.count + Self.rows - 1) / Self.rows) { part in
      var (alike, doubtful): ([Doubt], [Doubt]) = ([], [])
      let own = part * Self.rows..<min((part + 1) * Self.rows, first.count)
      // Rows that are alike to one column are joined once.
      var joined = Links(own.count)
      for column in (second == nil ? own.lowerBound : 0)..<columns.count {
        var before: Int?
        for row in own where second != nil || row < column {
          let cosine = Self.product(rows[row], columns[column])
          guard cosine > bound else { continue }
          let pair = Doubt(first: first[row], second: others[column], cosine: cosine)
          guard cosine > Self.alike else {
            doubtful.append(pair)
            continue
          }
          if let before, joined.areJoined(before - own.lowerBound, row - own.lowerBound) { continue }
          if let before { joined.join(before - own.lowerBound, row - own.lowerBound) }
          before = row
          alike.append(pair)
        }
      }
      found.withLock { $0[part] = (alike, doubtful) }
    }
    let parts = found.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    for pair in parts.flatMap(\.alike) { links.join(pair.first, pair.second) }
    return parts.flatMap(\.doubtful)
  }

  /// The sampled weights of some cells, each of them scaled to length 1 and all together as well.
  private func units(_ number: Int, _ cells: [Int]) -> [SIMD16<Float>] {
    guard let row = known.models[number]?.row else { return [] }
    let share = 1 / Float(cells.count).squareRoot()
    return cells.flatMap { cell -> [SIMD16<Float>] in
      let own = row.weights[cell * IndexRow.cellWeights..<(cell + 1) * IndexRow.cellWeights]
      let length = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let scale = length > 0 && length.isFinite ? share / length : 0
      return stride(from: own.startIndex, to: own.endIndex, by: 16).map { start in
        SIMD16((0..<16).map { own[start + $0] }) * scale
      }
    }
  }

  private static func product(_ a: [SIMD16<Float>], _ b: [SIMD16<Float>]) -> Float {
    var sum = SIMD16<Float>.zero
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for k in 0..<min(a.count, b.count) { sum += a[k] * b[k] }
      }
    }
    return sum.sum()
  }

  /// Looks at the whole fingerprints of pairs that are not in one section yet, the most alike first.
  private mutating func decide(_ doubtful: [Doubt], _ findings: inout Findings) throws(Failure) {
    let sorted = doubtful.sorted { ($1.cosine, $0.first, $0.second) < ($0.cosine, $1.first, $1.second) }
    var left = sorted[...]
    while !left.isEmpty {
      var pairs: [Doubt] = []
      while pairs.count < Self.portion, let pair = left.popFirst() {
        if !links.areJoined(pair.first, pair.second) { pairs.append(pair) }
      }
      let results = Mutex<[Int: Result<Bool, Failure>]>([:])
      DispatchQueue.concurrentPerform(iterations: pairs.count) { [self, pairs] place in
        let result = Result { () throws(Failure) in try areRelated(pairs[place].first, pairs[place].second) }
        results.withLock { $0[place] = result }
      }
      for (place, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
        if try result.get() {
          links.join(pairs[place].first, pairs[place].second)
        } else {
          findings.largestCosine = max(findings.largestCosine, Double(pairs[place].cosine))
        }
      }
    }
  }

  private func areRelated(_ first: Int, _ second: Int) throws(Failure) -> Bool {
    guard let one = known.models[first], let other = known.models[second] else { return false }
    let tensors = FingerprintSums.of([try known.fingerprint(one), try known.fingerprint(other)])
    var relatedness = Relatedness(models: 2)
    for tensor in tensors { relatedness.add(TensorView(tensor)) }
    return relatedness.areRelated(0, 1)
  }
}

/// The sampled tensors that models of two kinds have in common, by their places in each.
private struct SharedCells {
  var first: [Int] = []
  var second: [Int] = []

  init(_ one: [UInt64], _ other: [UInt64]) {
    for (place, key) in one.enumerated() where key != 0 {
      guard let match = other.firstIndex(of: key) else { continue }
      first.append(place)
      second.append(match)
    }
  }

  var count: Int { first.count }
}

/// What belongs together, directly or through others.
private struct Links {
  private var above: [Int]

  init(_ n: Int) { above = Array(0..<n) }

  private mutating func top(_ number: Int) -> Int {
    var node = number
    while above[node] != node {
      above[node] = above[above[node]]
      node = above[node]
    }
    return node
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (top(a), top(b))
    above[max(a, b)] = min(a, b)
  }

  mutating func areJoined(_ a: Int, _ b: Int) -> Bool { top(a) == top(b) }

  /// In the order of their first members.
  mutating func groups() -> [[Int]] {
    var members: [Int: [Int]] = [:]
    for number in above.indices { members[top(number), default: []].append(number) }
    return members.sorted { $0.key < $1.key }.map(\.value)
  }
}
