internal import Graph

/// GraphML with typed attributes, for networkx, igraph, Gephi, yEd.
enum GraphML {
  private struct Key {
    let id: String
    let target: String
    let name: String
    let type: String
    /// Declared only where something has it.
    var isOptional = false
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
    Key(id: "n8", target: "node", name: "inferred", type: "boolean", isOptional: true),
    Key(id: "n9", target: "node", name: "support", type: "double", isOptional: true),
    Key(id: "n10", target: "node", name: "format", type: "string", isOptional: true),
    Key(id: "n11", target: "node", name: "encodings", type: "string", isOptional: true),
    Key(id: "e0", target: "edge", name: "distance", type: "double"),
    Key(id: "e1", target: "edge", name: "support", type: "double"),
    Key(id: "e2", target: "edge", name: "direction_support", type: "double"),
    Key(id: "e3", target: "edge", name: "relation", type: "string"),
    Key(id: "e4", target: "edge", name: "rank", type: "int"),
    Key(id: "e5", target: "edge", name: "share", type: "double"),
    Key(id: "e6", target: "edge", name: "undecided", type: "boolean"),
    Key(id: "e7", target: "edge", name: "extra", type: "boolean"),
    Key(id: "e8", target: "edge", name: "component", type: "string", isOptional: true),
    Key(id: "e9", target: "edge", name: "transform", type: "string", isOptional: true),
    Key(id: "e10", target: "edge", name: "grade", type: "string"),
  ]

  private typealias Values = [(key: String, value: String?)]

  static func render(_ graph: ModelGraph) -> String {
    let parents = graph.parents
    let nodes = graph.nodes.enumerated().map { values(of: $1, isRoot: parents[$0] == nil, graph) }
    let edges = graph.edges.map(values)
    let used = Set((nodes + edges).joined().lazy.filter { $0.value != nil }.map(\.key))
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
      xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
      http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">

      """
    for key in keys where !key.isOptional || used.contains(key.id) {
      text +=
        "  <key id=\"\(key.id)\" for=\"\(key.target)\" attr.name=\"\(key.name)\" attr.type=\"\(key.type)\"/>\n"
    }
    text += "  <graph id=\"modeltree\" edgedefault=\"directed\">\n"
    let ids = graph.nodes.map { XMLText.escaped($0.id) }
    for (id, values) in zip(ids, nodes) {
      text += "    <node id=\"\(id)\">\n\(data(values))    </node>\n"
    }
    for (edge, values) in zip(graph.edges, edges) {
      text += "    <edge source=\"\(ids[edge.source])\" target=\"\(ids[edge.target])\">\n\(data(values))    </edge>\n"
    }
    return text + "  </graph>\n</graphml>\n"
  }

  private static func values(of node: ModelGraph.Node, isRoot: Bool, _ graph: ModelGraph) -> Values {
    let model = node.model
    let encodings = model?.encodings ?? []
    return [
      ("n0", model?.path), ("n1", "\(node.family)"), ("n2", "\(isRoot)"), ("n3", model?.score.map { "\($0)" }),
      ("n4", model?.dtype), ("n5", model.map { "\($0.parameters)" }),
      ("n6", model?.duplicateOf.map { graph.nodes[$0].id }), ("n7", node.id),
      ("n8", node.isInferred ? "true" : nil), ("n9", node.support.map { "\($0)" }), ("n10", model?.format),
      ("n11", encodings.isEmpty ? nil : encodings.joined(separator: " ")),
    ]
  }

  private static func values(of edge: ModelGraph.Edge) -> Values {
    let transforms = edge.transforms.map(\.rawValue).joined(separator: " ")
    return [
      ("e0", edge.distance.map { "\($0)" }), ("e1", "\(edge.support)"), ("e2", "\(edge.directionSupport)"),
      ("e3", edge.relation.name), ("e4", edge.relation.rank.map { "\($0)" }), ("e5", edge.share.map { "\($0)" }),
      ("e6", edge.isUndecided ? "true" : nil), ("e7", edge.kind == .parent ? nil : "true"), ("e8", edge.component),
      ("e9", transforms.isEmpty ? nil : transforms), ("e10", edge.grade.rawValue),
    ]
  }

  private static func data(_ values: Values) -> String {
    values.compactMap { key, value in
      value.map { "      <data key=\"\(key)\">\(XMLText.escaped($0))</data>\n" }
    }.joined()
  }
}
