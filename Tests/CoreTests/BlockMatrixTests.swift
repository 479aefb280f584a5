import Core
import TestSeed
import Testing

@Suite struct BlockMatrixTests {
  @Test func entriesOfOneBlockAreKnownAndAllOthersAreNot() {
    var random = Seeded.fresh()
    for _ in 0..<20 {
      let n = Int.random(in: 1...12, using: &random)
      let whole = SquareMatrix(n, values: (0..<n * n).map { _ in Double.random(in: 0...1, using: &random) })
      let labels = (0..<n).map { _ in Int.random(in: 0...3, using: &random) }
      // The last label stands for none.
      let groups = (0..<3).map { label in labels.indices.filter { labels[$0] == label }.shuffled(using: &random) }
      let blocks = groups.map { BlockMatrix.Block(members: $0, matrix: whole.submatrix($0)) }
      let matrix = BlockMatrix(n, blocks: blocks)
      var known = 0
      for i in 0..<n {
        for j in 0..<n {
          let isKnown = labels[i] == labels[j] && labels[i] < 3
          #expect(isKnown ? matrix[i, j] == whole[i, j] : matrix[i, j].isNaN, "seed \(random.seed)")
          known += isKnown ? 1 : 0
        }
      }
      var visited = 0
      matrix.forEach { i, j, value in
        visited += 1
        #expect(value == whole[i, j], "seed \(random.seed)")
      }
      #expect(visited == known, "seed \(random.seed)")
      let members = groups[0]
      #expect(matrix.submatrix(members) == whole.submatrix(members))
      #expect(BlockMatrix(whole).submatrix(Array(0..<n)) == whole)
    }
  }

  /// A guest's entries with the block's own indices are the block's; those of two guests stay where they belong.
  @Test func guestsAreKnownToTheirHosts() {
    var random = Seeded.fresh()
    for _ in 0..<20 {
      let (first, second) = (Int.random(in: 1...6, using: &random), Int.random(in: 1...6, using: &random))
      let n = first + second
      let guests = Array((0..<first).shuffled(using: &random).prefix(Int.random(in: 0...first, using: &random)))
      let (own, hosts) = (Array(0..<first), Array(first..<n) + guests)
      func numbers(_ count: Int) -> SquareMatrix {
        SquareMatrix(count, values: (0..<count * count).map { _ in Double.random(in: 0...1, using: &random) })
      }
      let (one, other) = (numbers(first), numbers(hosts.count))
      let matrix = BlockMatrix(n, blocks: [.init(members: own, matrix: one), .init(members: hosts, matrix: other)])
      var known: [[Int]: Double] = [:]
      for i in own { for j in own { known[[i, j]] = one[i, j] } }
      for (a, i) in hosts.enumerated() {
        for (b, j) in hosts.enumerated() where i >= first || j >= first { known[[i, j]] = other[a, b] }
      }
      for i in 0..<n {
        for j in 0..<n {
          #expect(known[[i, j]].map { $0 == matrix[i, j] } ?? matrix[i, j].isNaN, "seed \(random.seed)")
        }
      }
      var visited: [[Int]: Double] = [:]
      matrix.forEach { i, j, value in
        #expect(visited.updateValue(value, forKey: [i, j]) == nil, "seed \(random.seed)")
      }
      #expect(visited == known, "seed \(random.seed)")
    }
  }

  /// Blocks that overlap in any way, and indices at home in any of those that have them.
  @Test func everyEntryIsThatOfOneBlock() {
    var random = Seeded.fresh()
    for _ in 0..<30 {
      let n = Int.random(in: 1...12, using: &random)
      let blocks = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        let members = (0..<n).filter { _ in Bool.random(using: &random) }
        return BlockMatrix.Block(
          members: members,
          matrix: SquareMatrix(
            members.count,
            values: (0..<members.count * members.count).map { _ in Double.random(in: 0...1, using: &random) }))
      }
      let homes = (0..<n).map { index in
        blocks.indices.filter { blocks[$0].members.contains(index) }.randomElement(using: &random)
      }
      let matrix = BlockMatrix(n, blocks: blocks, homes: homes)
      func entry(_ i: Int, _ j: Int, _ block: Int?) -> Double? {
        guard let block, let a = blocks[block].members.firstIndex(of: i),
          let b = blocks[block].members.firstIndex(of: j)
        else { return nil }
        return blocks[block].matrix[a, b]
      }
      var known: [[Int]: Double] = [:]
      for i in 0..<n {
        for j in 0..<n {
          known[[i, j]] = entry(i, j, homes[j]) ?? entry(i, j, homes[i])
          #expect(known[[i, j]].map { $0 == matrix[i, j] } ?? matrix[i, j].isNaN, "seed \(random.seed)")
        }
      }
      var visited: [[Int]: Double] = [:]
      matrix.forEach { i, j, value in
        #expect(visited.updateValue(value, forKey: [i, j]) == nil, "seed \(random.seed)")
      }
      #expect(visited == known, "seed \(random.seed)")
    }
  }
}
