extension DecodingError {
  /// What is wrong with a document, for people: the key or place, and that it is missing or unusable.
  package var reason: String {
    func place(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".").printable }
    switch self {
    case .keyNotFound(let key, let context):
      let above = place(context)
      return "'\(above.isEmpty ? "" : above + ".")\(key.stringValue.printable)' is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "'\(place(context))' is not \(Self.noun(type))"
    case .dataCorrupted(let context):
      let place = place(context)
      let detail = TextColumns.shortened(context.debugDescription.printable, to: 120)
      // Numbers that fit no type of Swift are reported like wrong syntax, without a place.
      return place.isEmpty
        ? "it is not JSON that can be read, or a number in it is out of range (\(detail))"
        : "'\(place)' cannot be used (\(detail))"
    @unknown default: return "it is not what it should be"
    }
  }

  private static func noun(_ type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is any Collection.Type: "a list or object"
    default: "what it should be"
    }
  }
}
