internal import Spectra

/// Which heads of a wider layer of attention those of a narrower one are, and which coordinates of theirs.
struct KeptHeads {
  /// For each head, and for each row of the maps, the one of the wider layer.
  let heads: [Int]
  let queries: [Int]
  let keys: [Int]
  let values: [Int]
  /// Columns of the map behind the heads.
  let outputs: [Int]

  /// - Parameters:
  ///   - own: the narrower layer; its columns are coordinates that both have.
  ///   - other: the wider layer, in these coordinates.
  /// - Returns: nil where weights are not finite.
  init?(_ own: AttentionWeights, of other: AttentionWeights) {
    func cosines(_ map: KeyPath<AttentionWeights, Matrix>) -> Matrix {
      own[keyPath: map].withUnitRows.timesTransposed(other[keyPath: map].withUnitRows)
    }
    let (query, key, value, output) = (cosines(\.query), cosines(\.key), cosines(\.value), cosines(\.output))
    guard [query, key, value, output].allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else { return nil }
    let (size, wider) = (own.size, other.size)
    /// The cosines of the rows of one head with those of one of the wider layer.
    func block(_ cosines: Matrix, _ head: Int, _ place: Int) -> Matrix {
      cosines.rows(head * size..<(head + 1) * size).columns(place * wider..<(place + 1) * wider)
    }
    func sum(_ block: Matrix, _ order: [Int]) -> Double {
      order.enumerated().reduce(0) { $0 + block[$1.offset, $1.element] }
    }
    func inside(_ block: Matrix) -> [Int] { size == wider ? Array(0..<size) : LinearAssignment.greatest(block) }
    let (per, places) = (own.headsPerGroup, other.headsPerGroup)
    struct Pair {
      var keys: [Int]
      var values: [Int]
      /// For each head of the group the one of the wider group.
      var heads: [Int]
      var gain: Double
    }
    func pair(_ group: Int, _ place: Int) -> Pair {
      let (keyBlock, valueBlock) = (block(key, group, place), block(value, group, place))
      let (keys, values) = (inside(keyBlock), inside(valueBlock))
      var gains = Matrix(zeros: per, places)
      for head in 0..<per {
        for candidate in 0..<places {
          let (row, column) = (group * per + head, place * places + candidate)
          gains[head, candidate] = sum(block(query, row, column), keys) + sum(block(output, row, column), values)
        }
      }
      let heads = LinearAssignment.greatest(gains)
      return Pair(
        keys: keys, values: values, heads: heads,
        gain: sum(keyBlock, keys) + sum(valueBlock, values) + sum(gains, heads))
    }
    let pairs = (0..<own.groups).map { group in (0..<other.groups).map { pair(group, $0) } }
    let gains = Matrix(rows: own.groups, columns: other.groups, pairs.flatMap { $0.map(\.gain) })
    var (heads, queries, keys, values, outputs): ([Int], [Int], [Int], [Int], [Int]) = ([], [], [], [], [])
    for (group, place) in LinearAssignment.greatest(gains).enumerated() {
      let pair = pairs[group][place]
      keys += pair.keys.map { place * wider + $0 }
      values += pair.values.map { place * wider + $0 }
      for head in pair.heads.map({ place * places + $0 }) {
        heads.append(head)
        queries += pair.keys.map { head * wider + $0 }
        outputs += pair.values.map { head * wider + $0 }
      }
    }
    (self.heads, self.queries, self.keys, self.values, self.outputs) = (heads, queries, keys, values, outputs)
  }
}
