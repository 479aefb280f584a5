/// The extents of a tensor, outermost first; row-major. Empty for a scalar.
package struct TensorShape: Sendable, Hashable, Codable, CustomStringConvertible {
  package let extents: [Int]

  /// Number of elements; 1 for a scalar.
  package let elements: Int

  /// The shape of a single number.
  package static let scalar = TensorShape()

  private init() {
    extents = []
    elements = 1
  }

  /// - Returns: nil when an extent is negative or the number of elements overflows.
  package init?(_ extents: [Int]) {
    var product = 1
    for extent in extents {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      product = next
    }
    self.extents = extents
    elements = product
  }

  package var rank: Int { extents.count }

  /// Rows of the tensor seen as a matrix (out, in * kh * kw); 1 below rank 2.
  package var rows: Int { rank >= 2 ? extents[0] : 1 }

  /// Whether the tensor is a matrix with as many rows as columns.
  package var isSquare: Bool { rank == 2 && rows == columns }

  /// Columns of that matrix.
  package var columns: Int { rows == 0 ? 0 : elements / rows }

  package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }

  package init(from decoder: any Decoder) throws {
    let extents = try [Int](from: decoder)
    guard let shape = TensorShape(extents) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "impossible shape \(extents)"))
    }
    self = shape
  }

  package func encode(to encoder: any Encoder) throws { try extents.encode(to: encoder) }
}
