internal import Lineage

/// Newick: one tree per line, models at inner nodes too, branch lengths are distances. Annotated, it
/// is NHX: support, its direction's, relation and rank in a comment behind each branch.
enum Newick {
  static func render(_ forest: Forest, annotated: Bool = false) -> String {
    Branches(forest).roots.map { text($0, annotated) + ";\n" }.joined()
  }

  private static func text(_ branch: Branches.Branch, _ annotated: Bool) -> String {
    let below = branch.children.map { text($0, annotated) }.joined(separator: ",")
    let inner = branch.children.isEmpty ? "" : "(\(below))"
    let length = branch.link.map { ":\($0.distance)" } ?? ""
    let note = annotated ? branch.link.map(annotation) ?? "" : ""
    return inner + quoted(branch.node.id) + length + note
  }

  /// Numbers and fixed words alone: nothing in it needs quoting.
  private static func annotation(_ link: Forest.Link) -> String {
    var fields = [
      "B=\(link.support * 100)", "support=\(link.support)", "direction_support=\(link.directionSupport)",
      "relation=\(link.relation.name)",
    ]
    if let rank = link.relation.rank { fields.append("rank=\(rank)") }
    if link.isUndecided { fields.append("undecided=true") }
    return "[&&NHX:" + fields.joined(separator: ":") + "]"
  }

  /// Quoted always: every character may stand in a quoted label, a quote is doubled, and a line
  /// break, which ends a label for many readers, is a space.
  private static func quoted(_ id: String) -> String {
    var text = "'"
    for scalar in id.unicodeScalars {
      switch scalar {
      case "'": text += "''"
      case "\n", "\r": text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "'"
  }
}
