internal import Lineage

/// The edges as CSV (RFC 4180), for spreadsheets and pandas.
enum EdgeTable {
  static func render(_ forest: Forest) -> String {
    let family = Dictionary(
      forest.nodes.map { ($0.id, $0.family) }, uniquingKeysWith: { first, _ in first })
    var lines = ["parent,child,distance,support,direction_support,relation,family"]
    for link in forest.links {
      lines.append(
        [
          quoted(link.source), quoted(link.target), "\(link.distance)", "\(link.support)",
          "\(link.directionSupport)", link.relation.name, "\(family[link.target] ?? 0)",
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Scalar by scalar: a quote below a combining mark is another character to Swift, but a quote
  /// to every reader.
  static func quoted(_ id: String) -> String {
    guard id.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return id }
    var text = "\""
    for scalar in id.unicodeScalars {
      if scalar == "\"" { text += "\"" }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }
}
