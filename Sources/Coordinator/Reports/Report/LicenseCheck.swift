package import Graph

/// Licenses along an edge, as the models declare them, and whether the child's seems to break the parent's.
///
/// Names are those of the Hugging Face Hub. This compares names by a few public rules and is no legal advice.
package struct LicenseCheck: Encodable, Sendable, Equatable {
  package var parent: String
  package var child: String
  /// nil: not declared.
  package var parentLicense: String?
  package var childLicense: String?
  /// nil where nothing speaks against it.
  package var conflict: String?

  /// Of every edge of the trees where either end declares a license.
  package static func all(_ graph: ModelGraph, among nodes: Set<Int>) -> [LicenseCheck] {
    graph.edges.filter { nodes.contains($0.source) || nodes.contains($0.target) }.compactMap { edge in
      let (parent, child) = (graph.nodes[edge.source], graph.nodes[edge.target])
      let (above, below) = (parent.model?.license, child.model?.license)
      guard above != nil || below != nil else { return nil }
      return LicenseCheck(
        parent: parent.id, child: child.id, parentLicense: above, childLicense: below,
        conflict: above.flatMap { conflict(parent: $0, child: below) })
    }
  }

  package static func conflict(parent: String, child: String?) -> String? {
    let above = parent.lowercased()
    let below = child?.lowercased()
    func has(_ part: String, _ name: String) -> Bool { name.split(separator: "-").contains { $0 == part } }
    if has("nd", above) { return "the parent's license does not allow changed versions to be passed on" }
    guard let below else {
      return isDemanding(above) ? "the child declares none, the parent's has terms that go on to apply" : nil
    }
    guard above != below else { return nil }
    if has("nc", above), !has("nc", below) {
      return "the parent's license forbids commercial use, the child's does not say so"
    }
    if let family = copyleft.first(where: { above.hasPrefix($0) }), !below.hasPrefix(family) {
      return "the parent's license asks that derived works keep it"
    }
    if has("sa", above), !has("sa", below) { return "the parent's license asks that derived works keep it" }
    if custom.contains(where: { above.hasPrefix($0) }) {
      return "the parent's license has terms of its own that go on to apply"
    }
    return nil
  }

  private static let copyleft = ["agpl", "gpl", "lgpl", "osl", "eupl", "cecill-2"]
  private static let custom = [
    "llama", "gemma", "openrail", "bigscience", "creativeml", "deepseek", "qwen", "other", "apple-", "falcon",
  ]

  private static func isDemanding(_ name: String) -> Bool {
    copyleft.contains { name.hasPrefix($0) } || custom.contains { name.hasPrefix($0) }
      || name.split(separator: "-").contains { ["nc", "sa"].contains($0) }
  }
}
