package import Graph
internal import System

/// What there is to say of an ancestor that is not in the collection: why it is in the tree.
package struct InferredAncestor: Encodable {
  package struct Child: Encodable {
    package var id: String
    package var distance: Double?
    package var support: Double
    package var inferred: Bool
  }

  package var id: String
  /// As tree.json counts them.
  package var family: Int
  package var support: Double
  /// nil: a root.
  package var parent: String?
  /// The models that imply it, nearest first.
  package var children: [Child]

  /// nil for models of the collection.
  package init?(_ graph: ModelGraph, node: Int) {
    guard let support = graph.nodes[node].support else { return nil }
    let outline = Outline(graph)
    id = graph.nodes[node].id
    family = graph.nodes[node].family
    self.support = support
    parent = outline.parent[node].map { graph.nodes[$0].id }
    children = outline.children[node].compactMap { child in
      outline.edge(to: child).map {
        Child(
          id: graph.nodes[child].id, distance: $0.distance, support: $0.support,
          inferred: graph.nodes[child].isInferred)
      }
    }
  }

  package var json: String { JSONText.answer(self) }

  package var text: String {
    let place = parent.map { "under \($0.printable)" } ?? "the root"
    var lines = [
      "\(id.printable) is not a model of this run, but an ancestor that its children imply  (support \(AnswerText.percent(support)))",
      "It is \(place) of family \(family); its children:", "",
    ]
    lines += TextTable.of(
      children.map { child in
        [
          child.id.printable + (child.inferred ? " (inferred)" : ""),
          "distance \(child.distance.map(AnswerText.number) ?? "-")", "support \(AnswerText.percent(child.support))",
        ]
      }, indent: "  ")
    return lines.joined(separator: "\n") + "\n"
  }
}
