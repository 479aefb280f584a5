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
}
