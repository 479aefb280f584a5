internal import Core
internal import Foundation

/// The distance matrix in the form that the page embeds: the upper triangle in the order of the tree, as square roots of
/// distances in 16 bits (so that near relatives are resolved best), averaged over blocks for large collections.
struct DistanceImage: Encodable {
  /// Rows of the picture.
  let side: Int
  /// Models per row.
  let step: Int
  let models: Int
  /// The distance that 65534 stands for; 65535 stands for none.
  let greatest: Double
  /// Base64 of little-endian 16-bit numbers, row by row, diagonal and above.
  let values: String

  static let most = 1000

  init(_ distances: BlockMatrix, order: [Int]) {
    models = order.count
    step = max(1, (order.count + Self.most - 1) / Self.most)
    side = (order.count + step - 1) / step
    var greatest = 0.0
    distances.forEach { _, _, value in if value.isFinite, value > greatest { greatest = value } }
    self.greatest = greatest
    var bytes = Data(capacity: side * (side + 1))
    for top in 0..<side {
      for left in top..<side {
        let value = Self.mean(distances, order, rows: top * step, columns: left * step, step)
        // The mean of very large numbers can overflow beyond the greatest of them.
        let code = value.map { UInt16((min(1, $0 / max(greatest, 1e-300)).squareRoot() * 65534).rounded()) } ?? 65535
        bytes.append(UInt8(code & 0xff))
        bytes.append(UInt8(code >> 8))
      }
    }
    values = bytes.base64EncodedString()
  }

  private static func mean(
    _ distances: BlockMatrix, _ order: [Int], rows: Int, columns: Int, _ step: Int
  ) -> Double? {
    var (sum, count) = (0.0, 0.0)
    for row in rows..<min(rows + step, order.count) {
      for column in columns..<min(columns + step, order.count) {
        let value = distances[order[row], order[column]]
        guard value.isFinite, value >= 0 else { continue }
        sum += value
        count += 1
      }
    }
    return count > 0 ? sum / count : nil
  }
}
