/// The order in which people read names with numbers: `layer.2` before `layer.10`.
enum NaturalOrder {
  static func isBefore(_ a: String, _ b: String) -> Bool {
    let (left, right) = (pieces(a), pieces(b))
    for (x, y) in zip(left, right) where x != y { return x < y }
    // `1` and `01` are one number, and two names.
    return left.count == right.count ? a < b : left.count < right.count
  }

  private enum Piece: Comparable {
    case number(Int)
    case text(String)
  }

  private static func pieces(_ name: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = name[...]
    while let first = rest.first {
      let isDigit = first.isNumber
      let run = rest.prefix { $0.isNumber == isDigit }
      // Digits too many for a number are read as text.
      pieces.append(isDigit ? Int(run).map(Piece.number) ?? .text(String(run)) : .text(String(run)))
      rest = rest.dropFirst(run.count)
    }
    return pieces
  }
}
