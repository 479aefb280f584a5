package import Core
internal import Naming

/// Which weights of a canonical tensor a fingerprint keeps: the crossings of some rows and columns.
///
/// Decided by the tensor's own shape and place in the network, so that two models of one architecture keep the same
/// weights. Rows and columns come in an order of their own: of two samples of different sizes, the smaller one is a part
/// of the larger one. Tables keep rows by their number, whatever the number of rows, so that tables that were padded
/// or extended remain comparable.
package struct SampleLayout: Sendable, Equatable {
  /// Of the matrix that the tensor counts as, in the order of the sample.
  package let rows: [Int]
  package let columns: [Int]

  /// Among so many rows of a table the first ones of a sample are chosen: what all vocabularies have.
  private static let commonRows = 256
  /// So many of them.
  private static let fromCommonRows = 16

  /// - Parameters:
  ///   - shape: of the tensor.
  ///   - isTable: is it a table of tokens, whose first rows other tables have too?
  ///   - size: rows and columns of the sample; fewer where the tensor has fewer.
  package init(_ shape: TensorShape, isTable: Bool, size: SampleShape) {
    let seed = isTable ? "table \(shape.columns)" : "matrix \(shape.rows) \(shape.columns)"
    columns = NestedDraw.of(size.columns, below: shape.columns, seed: seed + " columns")
    guard isTable else {
      rows = NestedDraw.of(size.rows, below: shape.rows, seed: seed + " rows")
      return
    }
    let count = min(size.rows, shape.rows)
    let common = min(Self.commonRows, shape.rows)
    let first = NestedDraw.least(common, of: 0..<common, seed: seed)
    let head = Array(first.prefix(min(count, Self.fromCommonRows)))
    let taken = Set(head)
    let rest = NestedDraw.least(min(shape.rows, count + head.count), of: 0..<shape.rows, seed: seed + " rest")
    rows = head + rest.filter { !taken.contains($0) }.prefix(count - head.count)
  }

  package var shape: SampleShape { SampleShape(rows: rows.count, columns: columns.count) }
}

extension TensorShape {
  /// Is a tensor of this shape in this part of a network a table with one row for each token or class, as many as
  /// somebody chose?
  package func isTable(_ part: NetworkPart) -> Bool { rank == 2 && (part == .tokens || part == .head) }
}
