internal import Core
internal import Encodings
internal import Foundation
internal import Spectra
internal import Storage
internal import System

/// One tensor of an ancestor, from those of its children.
struct AncestorTensor {
  /// The children's, of one shape.
  let copies: [StoredTensor]
  /// Unit roundoff of the coarsest of the types that they are stored in.
  let rounding: Double

  /// How a tensor was found.
  enum Origin: String, Encodable, Sendable {
    /// Children whose training did not touch it have it, bit for bit.
    case unchanged
    /// From updates of low rank.
    case recovered
    /// The mean of the children.
    case estimated
  }

  /// Why a tensor is no more than a mean.
  enum Obstacle {
    /// The children's updates are not of low rank.
    case ranks
    /// All children's copies take this many bytes.
    case memory(Int)
    /// A side is too short for low ranks.
    case side(Int)

    /// After "they differ in 'tensor'".
    var text: String {
      switch self {
      case .ranks: "by more than updates of low rank do"
      case .memory(let bytes):
        "and computing it takes \(ByteCount(bytes: bytes)) of memory, where \(ByteCount(bytes: AncestorTensor.mostBytes)) are the most"
      case .side(let length):
        "and a side of \(length) leaves no room for updates of low rank, which takes \(AncestorTensor.smallestSide)"
      }
    }
  }

  struct Finding {
    var origin: Origin
    /// nil unless estimated.
    var obstacle: Obstacle?
    /// Of the children's updates; empty unless recovered.
    var ranks: [Int] = []
    /// Of what was checked, or of the mean: squared error and squared length.
    var error = 0.0
    var energy = 0.0
    /// Does each of two sets of children decide it, so that one says how well the other does?
    var isChecked = true

    var relative: Double { energy > 0 ? (error / energy).squareRoot() : 0 }
  }

  /// Numbers that are held of each child at once where the whole tensor is not needed.
  private static let piece = 1 << 20
  /// All children of a tensor that is recovered are held at once, as floats.
  private static let mostBytes = 8 << 30
  /// Columns that are solved at once; by the first of these, halves of the children are compared.
  private static let block = 256
  /// Widths of the sketches that are tried.
  private static let widths = [96, 384]
  /// A smaller side has no room for low ranks.
  private static let smallestSide = 8
  private static let seed: UInt64 = 0x616e_6365_7374_6f72

  /// - Parameter body: called with the numbers in order, row-major, in pieces.
  func find(_ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Void) throws(Failure) -> Finding {
    if let place = try untouched() {
      try copies[place].eachPiece(ofAtMost: Self.piece) { _, numbers throws(Failure) in try body(numbers) }
      return Finding(origin: .unchanged)
    }
    let shape = copies[0].shape
    let (side, bytes) = (min(shape.rows, shape.columns), 4 * (copies.count + 1) * shape.elements)
    guard side >= Self.smallestSide else { return try mean(.side(side), body) }
    guard bytes <= Self.mostBytes else { return try mean(.memory(bytes), body) }
    guard let (finding, numbers) = try recovered() else { return try mean(.ranks, body) }
    try pass(numbers, to: body)
    return finding
  }

  private func pass(
    _ numbers: [Float], to body: (UnsafeBufferPointer<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    numbers.withUnsafeBufferPointer { buffer in
      do throws(Failure) { try body(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// The first of the children that have the tensor as the ancestor had it: nobody trains two to the same weights.
  private func untouched() throws(Failure) -> Int? {
    var groups: [Int: [Int]] = [:]
    for (place, copy) in copies.enumerated() {
      var hasher = Hasher()
      try copy.eachPiece(ofAtMost: Self.piece) { _, numbers throws(Failure) in
        hasher.combine(bytes: UnsafeRawBufferPointer(numbers))
      }
      groups[hasher.finalize(), default: []].append(place)
    }
    let sizes = groups.values.map(\.count).sorted()
    guard let largest = sizes.last, largest > 1, sizes.count(where: { $0 == largest }) == 1 else { return nil }
    return groups.values.first { $0.count == largest }?.first
  }

  // MARK: Low ranks

  private func recovered() throws(Failure) -> (Finding, [Float])? {
    let shape = copies[0].shape
    var numbers: [[Float]] = []
    for copy in copies { numbers.append(try copy.values()) }
    let energy = numbers[0].reduce(0.0) { $0 + Double($1) * Double($1) }
    let noise = rounding * (2 * Encoding.roundingSquares * energy / Double(shape.elements)).squareRoot()
    for width in Self.widths {
      let sketches = sketches(numbers, width: min(width, shape.columns))
      if let siblings = LowRankSiblings(sketches: sketches, noise: noise) {
        return solved(numbers, siblings, halves(sketches, noise))
      }
      if width >= shape.columns { break }
    }
    return nil
  }

  private func sketches(_ numbers: [[Float]], width: Int) -> [Matrix] {
    let shape = copies[0].shape
    let (rows, columns) = (shape.rows, shape.columns)
    var random = RandomStream(seed: Self.seed)
    let isWhole = width == columns
    let mixing =
      isWhole
      ? nil
      : Matrix(rows: columns, columns: width, Self.normal(columns * width, &random)).scaled(
        by: 1 / Double(columns).squareRoot())
    return numbers.map { own in
      guard let mixing else { return differences(own, numbers[0], columns: 0..<columns) }
      var sketch: [Double] = []
      sketch.reserveCapacity(rows * width)
      let step = max(1, Self.piece / columns)
      for start in stride(from: 0, to: rows, by: step) {
        let range = start * columns..<min(rows, start + step) * columns
        let part = range.map { Double(own[$0]) - Double(numbers[0][$0]) }
        sketch += Matrix(rows: range.count / columns, columns: columns, part).times(mixing).values
      }
      return Matrix(rows: rows, columns: width, sketch)
    }
  }

  /// Standard normal numbers (Box and Muller).
  private static func normal(_ count: Int, _ random: inout RandomStream) -> [Double] {
    (0..<count).map { _ in
      let (u, v) = (Double.random(in: 0..<1, using: &random), Double.random(in: 0..<1, using: &random))
      return (-2 * log(1 - u)).squareRoot() * cos(2 * .pi * v)
    }
  }

  private func differences(_ own: [Float], _ first: [Float], columns: Range<Int>) -> Matrix {
    let shape = copies[0].shape
    var values: [Double] = []
    values.reserveCapacity(shape.rows * columns.count)
    for row in 0..<shape.rows {
      for place in row * shape.columns + columns.lowerBound..<row * shape.columns + columns.upperBound {
        values.append(Double(own[place]) - Double(first[place]))
      }
    }
    return Matrix(rows: shape.rows, columns: columns.count, values)
  }

  /// The children with even and those with odd numbers, where each of the two decides the matrix.
  private func halves(_ sketches: [Matrix], _ noise: Double) -> [(members: [Int], siblings: LowRankSiblings)] {
    let all = Array(sketches.indices)
    return [all.filter { $0 % 2 == 0 }, all.filter { $0 % 2 == 1 }].compactMap { members in
      let base = sketches[members[0]].scaled(by: -1)
      return LowRankSiblings(sketches: members.map { sketches[$0].adding(base) }, noise: noise).map { (members, $0) }
    }
  }

  private func solved(
    _ numbers: [[Float]], _ siblings: LowRankSiblings, _ halves: [(members: [Int], siblings: LowRankSiblings)]
  ) -> (Finding, [Float]) {
    let shape = copies[0].shape
    var result = numbers[0]
    var finding = Finding(origin: .recovered, ranks: siblings.spaces.map(\.rows))
    for start in stride(from: 0, to: shape.columns, by: Self.block) {
      let columns = start..<min(shape.columns, start + Self.block)
      let parts = numbers.map { differences($0, numbers[0], columns: columns) }
      let found = siblings.common(of: parts)
      for row in 0..<shape.rows {
        for (k, column) in columns.enumerated() {
          let place = row * shape.columns + column
          result[place] = Float(Double(numbers[0][place]) + found[row, k])
          if start == 0 { finding.energy += Double(result[place]) * Double(result[place]) }
        }
      }
      guard start == 0 else { continue }
      guard halves.count == 2 else {
        finding.isChecked = false
        continue
      }
      let both = halves.map { half in half.siblings.common(of: half.members.map { parts[$0] }) }
      finding.error = zip(both[0].values, both[1].values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return (finding, result)
  }

  // MARK: Means

  private func mean(
    _ obstacle: Obstacle, _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Void
  ) throws(Failure) -> Finding {
    var finding = Finding(origin: .estimated, obstacle: obstacle)
    let (count, all) = (Double(copies.count), copies[0].shape.elements)
    for start in stride(from: 0, to: all, by: Self.piece) {
      let size = min(Self.piece, all - start)
      var sum = Array(repeating: 0.0, count: size)
      var squares = sum
      for copy in copies {
        for (place, value) in try copy.values(from: start, count: size).enumerated() {
          sum[place] += Double(value)
          squares[place] += Double(value) * Double(value)
        }
      }
      // The squared standard error of a mean.
      for place in 0..<size {
        let mean = sum[place] / count
        finding.energy += mean * mean
        finding.error += max(0, squares[place] / count - mean * mean) / (count - 1)
      }
      try pass(sum.map { Float($0 / count) }, to: body)
    }
    return finding
  }
}
