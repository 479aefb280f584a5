internal import Lineage

/// GraphML with typed attributes, for networkx, igraph, Gephi, yEd.
enum GraphML {
  private struct Key {
    let id: String
    let target: String
    let name: String
    let type: String
  }

  private static let keys = [
    Key(id: "n0", target: "node", name: "path", type: "string"),
    Key(id: "n1", target: "node", name: "family", type: "int"),
    Key(id: "n2", target: "node", name: "root", type: "boolean"),
    Key(id: "n3", target: "node", name: "score", type: "double"),
    Key(id: "n4", target: "node", name: "dtype", type: "string"),
    Key(id: "n5", target: "node", name: "parameters", type: "long"),
    Key(id: "n6", target: "node", name: "duplicate_of", type: "string"),
    Key(id: "n7", target: "node", name: "label", type: "string"),
    Key(id: "e0", target: "edge", name: "distance", type: "double"),
    Key(id: "e1", target: "edge", name: "support", type: "double"),
    Key(id: "e2", target: "edge", name: "direction_support", type: "double"),
    Key(id: "e3", target: "edge", name: "relation", type: "string"),
    Key(id: "e4", target: "edge", name: "rank", type: "int"),
    Key(id: "e5", target: "edge", name: "share", type: "double"),
    Key(id: "e6", target: "edge", name: "undecided", type: "boolean"),
    Key(id: "e7", target: "edge", name: "extra", type: "boolean"),
  ]

  static func render(_ forest: Forest) -> String {
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
      xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
      http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">

      """
    for key in keys {
      text +=
        "  <key id=\"\(key.id)\" for=\"\(key.target)\" attr.name=\"\(key.name)\" attr.type=\"\(key.type)\"/>\n"
    }
    text += "  <graph id=\"modeltree\" edgedefault=\"directed\">\n"
    for node in forest.nodes {
      text += "    <node id=\"\(XMLText.escaped(node.id))\">\n"
      text += data([
        ("n0", node.path), ("n1", "\(node.family)"), ("n2", "\(node.root)"),
        ("n3", node.score.map { "\($0)" }), ("n4", node.dtype), ("n5", "\(node.parameters)"),
        ("n6", node.duplicateOf), ("n7", node.id),
      ])
      text += "    </node>\n"
    }
    for link in forest.links + forest.extraLinks {
      text += "    <edge source=\"\(XMLText.escaped(link.source))\" target=\"\(XMLText.escaped(link.target))\">\n"
      text += data([
        ("e0", "\(link.distance)"), ("e1", "\(link.support)"), ("e2", "\(link.directionSupport)"),
        ("e3", link.relation.name), ("e4", link.relation.rank.map { "\($0)" }),
        ("e5", link.share.map { "\($0)" }), ("e6", link.isUndecided ? "true" : nil),
        ("e7", link.isExtra ? "true" : nil),
      ])
      text += "    </edge>\n"
    }
    return text + "  </graph>\n</graphml>\n"
  }

  private static func data(_ values: [(key: String, value: String?)]) -> String {
    values.compactMap { key, value in
      value.map { "      <data key=\"\(key)\">\(XMLText.escaped($0))</data>\n" }
    }.joined()
  }
}
