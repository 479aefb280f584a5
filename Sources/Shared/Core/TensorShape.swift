/// The extents of a tensor, outermost first; row-major. Empty for a scalar.
public struct TensorShape: Sendable, Hashable, Codable, CustomStringConvertible {
  public let extents: [Int]

  /// Number of elements; 1 for a scalar.
  public let elements: Int

  /// The shape of a single number.
  package static let scalar = TensorShape()

  private init() {
    extents = []
    elements = 1
  }

  /// - Returns: nil when an extent is negative or the number of elements overflows.
  public init?(_ extents: [Int]) {
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

  public var rank: Int { extents.count }

  /// Rows of the tensor seen as a matrix (out, in * kh * kw); 1 below rank 2.
  public var rows: Int { rank >= 2 ? extents[0] : 1 }

  /// Whether the tensor is a matrix with as many rows as columns.
  public var isSquare: Bool { rank == 2 && rows == columns }

  /// Columns of that matrix.
  public var columns: Int { rows == 0 ? 0 : elements / rows }

  public var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }

  public init(from decoder: any Decoder) throws {
    let extents = try [Int](from: decoder)
    guard let shape = TensorShape(extents) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "impossible shape \(extents)"))
    }
    self = shape
  }

  public func encode(to encoder: any Encoder) throws { try extents.encode(to: encoder) }
}
