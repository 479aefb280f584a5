/// Which coordinates, units and heads of a wider transformer the ones of a narrower one are.
struct WidthMap: Sendable, Equatable, Codable {
  /// For each coordinate of the narrower residual stream the one of the wider.
  var hidden: [Int]
  /// By layer of the narrower model.
  var layers: [Int: Layer]

  /// The layer of the narrower model that one of the wider is, by its number; nil where that was left out.
  func layer(_ wide: Int) -> Int? { layers.first { $0.value.number == wide }?.key }

  /// For each row that a layer's map has in the narrower model, the one of the wider.
  struct Layer: Sendable, Equatable, Codable {
    /// Its number in the wider model.
    var number: Int
    var units: [Int]
    /// For each head the one of the wider model.
    var heads: [Int]
    var queries: [Int]
    var keys: [Int]
    var values: [Int]
    /// Columns of the map behind the heads.
    var outputs: [Int]
  }

  /// Numbers as people write them: `0-15 20 24-31`.
  static func ranges(_ numbers: [Int]) -> String {
    var parts: [(first: Int, last: Int)] = []
    for number in numbers.sorted() {
      if let last = parts.last, last.last + 1 == number {
        parts[parts.count - 1].last = number
      } else {
        parts.append((number, number))
      }
    }
    return parts.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: " ")
  }
}
