import Core
import Encodings
import Storage
import System
import TestSeed
import TestSupport

/// A recipe at random, and the matrix that it makes, by the slow and obvious way.
struct RandomRecipe {
  /// Rows of numbers.
  typealias Matrix = [[Double]]

  private(set) var recipe: Recipe
  private(set) var matrix: Matrix

  /// Makes arrays of random bytes in files of the folder, and a recipe of them.
  ///
  /// - Parameter depth: of the nesting, at most.
  static func make(
    depth: Int, encodings: [Encoding], in folder: TemporaryFolder, using random: inout Seeded
  ) throws -> RandomRecipe {
    var made = try array(encodings, in: folder, using: &random)
    for _ in 0..<Int.random(in: 0...depth, using: &random) {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: made.takeRows(random.range(within: made.matrix.count))
      case 1: made.takeColumns(random.range(within: made.matrix[0].count))
      case 2: made.transpose()
      case 5: made.turnBlocks(using: &random)
      case 3: made.swapRows(using: &random)
      case 4: made.shuffleRows(using: &random)
      case 6: made.reshape(using: &random)
      default:
        // As many columns: what is there, cut and put together again, or another array that fits.
        var other = try array(encodings, columns: made.matrix[0].count, in: folder, using: &random)
        if Bool.random(using: &random) { swap(&made, &other) }
        made.append(other)
      }
    }
    return made
  }

  private static func array(
    _ encodings: [Encoding], columns: Int? = nil, in folder: TemporaryFolder, using random: inout Seeded
  ) throws -> RandomRecipe {
    guard let encoding = encodings.randomElement(using: &random) else { preconditionFailure("no encodings") }
    let rows = Int.random(in: 1...40, using: &random)
    let columns = columns ?? Int.random(in: 1...70, using: &random)
    let count = rows * columns
    let blocks = (count + encoding.blockElements - 1) / encoding.blockElements
    let pad = Int.random(in: 0...40, using: &random)
    var bytes = (0..<pad).map { _ in UInt8(0xff) }
    var numbers: [Double] = []
    for _ in 0..<blocks {
      let (stored, values) = Self.block(encoding, using: &random)
      bytes += stored
      numbers += values
    }
    let file = try folder.write(bytes, to: "array\(random.next())")
    // A vector counts as a column.
    let shape = TensorShape(columns == 1 && Bool.random(using: &random) ? [rows] : [rows, columns])
    guard let shape else { preconditionFailure("no shape") }
    let matrix = (0..<rows).map { Array(numbers[$0 * columns..<($0 + 1) * columns]) }
    return RandomRecipe(
      recipe: .stored(StoredArray(encoding: encoding, shape: shape, file: file, offset: pad)), matrix: matrix)
  }

  /// A block and its numbers, each finite.
  private static func block(_ encoding: Encoding, using random: inout Seeded) -> ([UInt8], [Double]) {
    while true {
      var bytes = (0..<encoding.blockBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
      if encoding == .f64 {
        let value = random.normal()
        bytes = Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        return (bytes, [value])
      }
      var numbers = [Float](repeating: 0, count: encoding.blockElements)
      bytes.withUnsafeBytes { bytes in
        numbers.withUnsafeMutableBufferPointer { numbers in
          guard let from = bytes.baseAddress, let to = numbers.baseAddress else { return }
          encoding.decode(EncodedBlocks(bytes: from, count: 1), to: to)
        }
      }
      if numbers.allSatisfy(\.isFinite) { return (bytes, numbers.map(Double.init)) }
    }
  }

  private mutating func takeRows(_ range: Range<Int>) {
    recipe = .rows(range, of: recipe)
    matrix = Array(matrix[range])
  }

  private mutating func takeColumns(_ range: Range<Int>) {
    recipe = .columns(range, of: recipe)
    matrix = matrix.map { Array($0[range]) }
  }

  private mutating func transpose() {
    recipe = .transposed(recipe)
    matrix = matrix[0].indices.map { column in matrix.map { $0[column] } }
  }

  /// numpy: `m.reshape(rows, -1, width).swapaxes(0, 1).reshape(columns / width, -1)`.
  private mutating func turnBlocks(using random: inout Seeded) {
    let columns = matrix[0].count
    let width = (1...columns).filter { columns % $0 == 0 }.randomElement(using: &random) ?? 1
    recipe = .turned(blocks: width, of: recipe)
    matrix = (0..<columns / width).map { block in
      matrix.flatMap { $0[block * width..<(block + 1) * width] }
    }
  }

  private mutating func reshape(using random: inout Seeded) {
    let count = matrix.count * matrix[0].count
    let columns = (1...count).filter { count % $0 == 0 }.randomElement(using: &random) ?? 1
    recipe = .reshaped(columns: columns, of: recipe)
    let numbers = matrix.flatMap { $0 }
    matrix = stride(from: 0, to: count, by: columns).map { Array(numbers[$0..<$0 + columns]) }
  }

  private mutating func shuffleRows(using random: inout Seeded) {
    let order = matrix.indices.shuffled(using: &random)
    recipe = .reordered(.listed(order.map { Int32($0) }), of: recipe)
    matrix = order.map { matrix[$0] }
  }

  /// numpy: `m.reshape(-1, inner, outer, run, columns).swapaxes(1, 2)`.
  private mutating func swapRows(using random: inout Seeded) {
    let rows = matrix.count
    let divisors = (1...rows).filter { rows % $0 == 0 }
    let block = divisors.randomElement(using: &random) ?? 1
    let outer = divisors.filter { block % $0 == 0 }.randomElement(using: &random) ?? 1
    let inner = divisors.filter { block / outer % $0 == 0 }.randomElement(using: &random) ?? 1
    let run = block / outer / inner
    recipe = .reordered(.swapped(outer: outer, inner: inner, run: run), of: recipe)
    var swapped: Matrix = []
    for start in stride(from: 0, to: rows, by: block) {
      for o in 0..<outer {
        for i in 0..<inner {
          for k in 0..<run { swapped.append(matrix[start + (i * outer + o) * run + k]) }
        }
      }
    }
    matrix = swapped
  }

  private mutating func append(_ other: RandomRecipe) {
    recipe = .concatenated([recipe, other.recipe])
    matrix += other.matrix
  }
}

extension Seeded {
  /// Not empty.
  mutating func range(within count: Int) -> Range<Int> {
    let from = Int.random(in: 0..<count, using: &self)
    return from..<Int.random(in: from + 1...count, using: &self)
  }
}
