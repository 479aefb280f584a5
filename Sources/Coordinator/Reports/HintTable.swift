public import Lineage

/// Declared bases beside what the weights say, as CSV (RFC 4180).
public enum HintTable {
  public static let fileName = "hints.csv"

  /// nil when nothing is declared.
  public static func render(_ forest: Forest) -> String? {
    let links = Dictionary(forest.links.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
    var lines = ["model,declared,declared_model,found,hint,support"]
    for node in forest.nodes {
      guard let declared = node.declaredBase else { continue }
      let link = links[node.id]
      lines.append(
        [
          EdgeTable.quoted(node.id), EdgeTable.quoted(declared), EdgeTable.quoted(node.declaredModel ?? ""),
          EdgeTable.quoted(link?.source ?? ""), node.hint?.rawValue ?? "",
          link.map { "\($0.support)" } ?? "",
        ].joined(separator: ","))
    }
    return lines.count > 1 ? lines.joined(separator: "\n") + "\n" : nil
  }
}
