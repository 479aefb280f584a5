internal import Lineage

/// Newick: one tree per line, models at inner nodes too, branch lengths are distances.
enum Newick {
  static func render(_ forest: Forest) -> String {
    Branches(forest).roots.map { text($0) + ";\n" }.joined()
  }

  private static func text(_ branch: Branches.Branch) -> String {
    let inner = branch.children.isEmpty ? "" : "(" + branch.children.map(text).joined(separator: ",") + ")"
    let length = branch.link.map { ":\($0.distance)" } ?? ""
    return inner + quoted(branch.node.id) + length
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
