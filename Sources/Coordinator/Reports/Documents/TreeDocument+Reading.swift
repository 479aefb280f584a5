internal import Foundation
internal import Graph
internal import System

extension TreeDocument {
  /// Far more than the largest collection that can be compared leaves behind.
  private static let mostBytes = 256 << 20

  /// A document that cannot be a tree: what was found, and what was expected.
  private struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// Reads `tree.json` as a stranger's file: nothing of it is believed before it was checked.
  ///
  /// - Throws: `Failure` (bad input) naming the file, the node or edge, what was found and what was expected.
  static func read(_ path: String) throws(Failure) -> TreeReport {
    let data: Data
    do {
      data = try BoundedFile.read(path, limit: mostBytes)
    } catch {
      guard error == .missing else {
        throw .badInput("cannot read '\(path.printable)': \(error)", advice: advice)
      }
      throw .badInput(
        "there is no '\(path.printable)'",
        advice: FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent + "/journal.sqlite")
          ? "the run has not finished; 'modeltree resume' finishes it"
          : "name the folder that was given to 'modeltree recover' with --out")
    }
    let document: TreeDocument
    do {
      document = try JSONDecoder().decode(TreeDocument.self, from: data)
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "it is not JSON"
      throw .badInput("'\(path.printable)' is not a tree of modeltree: \(reason)", advice: advice)
    }
    do {
      return try document.report()
    } catch {
      throw .badInput("'\(path.printable)' is not a tree of modeltree: \(error.text)", advice: advice)
    }
  }

  private static let advice = "run the same recovery again; what is finished is not computed again"

  private func report() throws(Problem) -> TreeReport {
    guard directed else { throw Problem("'directed' is false, expected true") }
    // Bounded before anything is built of them.
    guard nodes.count <= ModelGraph.mostNodes, links.count <= 8 * ModelGraph.mostNodes else {
      throw Problem("there are \(nodes.count) nodes and \(links.count) links, expected at most \(ModelGraph.mostNodes)")
    }
    var number: [ByteString: Int] = [:]
    number.reserveCapacity(nodes.count)
    for (place, node) in nodes.enumerated() where number[ByteString(node.id)] == nil {
      number[ByteString(node.id)] = place
    }
    func place(_ id: String, _ role: String, of other: String) throws(Problem) -> Int {
      if let known = number[ByteString(id)] { return known }
      throw Problem(
        "the \(role) '\(Self.shown(id))' of '\(Self.shown(other))' is not among the nodes, expected the id of one")
    }
    let found = try nodes.map { node throws(Problem) in
      ModelGraph.Node(id: node.id, family: node.family, origin: try Self.origin(of: node, place))
    }
    let edges = try links.map { link throws(Problem) in
      try Self.edge(
        link, from: place(link.source, "source", of: link.target), to: place(link.target, "target", of: link.source),
        runnerUp: link.runnerUp.map { id throws(Problem) in try place(id, "runner-up", of: link.target) },
        leftOut: link.leftOut.map { id throws(Problem) in try place(id, "left-out model", of: link.target) })
    }
    // In the order of `ModelGraph.edges`, whatever the file's is.
    let graph = ModelGraph(
      nodes: found, edges: edges.filter { $0.kind == .parent } + edges.filter { $0.kind != .parent })
    if let violation = graph.violation() { throw Problem(violation.description) }
    let parents = graph.parents
    for (place, node) in nodes.enumerated() where node.root != (parents[place] == nil) {
      throw Problem(
        "the node '\(Self.shown(node.id))' has \"root\": \(node.root), expected \(!node.root): it has \(node.root ? "a" : "no") parent"
      )
    }
    do {
      return TreeReport(graph: graph, description: try RunDescription(attributes: self.graph))
    } catch {
      throw Problem(error.description)
    }
  }

  private static func origin(
    of node: Node, _ place: (String, String, String) throws(Problem) -> Int
  ) throws(Problem) -> ModelGraph.Node.Origin {
    if node.inferred == true {
      guard let support = node.support else {
        throw Problem("the inferred node '\(shown(node.id))' has no support, expected 0 to 1")
      }
      guard node.path == nil else { throw Problem("the inferred node '\(shown(node.id))' has a path, expected none") }
      return .inferred(support: support)
    }
    guard let path = node.path, let dtype = node.dtype, let parameters = node.parameters else {
      throw Problem("the node '\(shown(node.id))' lacks path, dtype or parameters, expected all three")
    }
    let declaration = try node.declaredBase.map { base throws(Problem) in
      ModelGraph.Declaration(
        base: base,
        model: try node.declaredModel.map { model throws(Problem) in try place(model, "declared model", node.id) },
        agreement: node.hint)
    }
    return .observed(
      .init(
        path: path, score: node.score, dtype: dtype, parameters: parameters, format: node.format,
        encodings: node.encodings ?? [],
        duplicateOf: try node.duplicateOf.map { first throws(Problem) in try place(first, "original", node.id) },
        alignment: node.alignment, declaration: declaration, compared: node.compared, license: node.license,
        layers: node.layers))
  }

  private static func edge(
    _ link: Link, from source: Int, to target: Int, runnerUp: Int?, leftOut: Int?
  ) throws(Problem) -> ModelGraph.Edge {
    func fail(_ what: String) -> Problem {
      Problem("the link from '\(shown(link.source))' to '\(shown(link.target))' \(what)")
    }
    guard let relation = Relation.Kind(rawValue: link.relation) else {
      let known = Relation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw fail("has the relation '\(shown(link.relation))', expected one of \(known)")
    }
    let kind: ModelGraph.Edge.Kind
    if relation == .contains {
      guard link.extra == true, let component = link.component else {
        throw fail("contains something, expected \"extra\": true and a component")
      }
      kind = .component(component)
    } else {
      kind = link.extra == true ? .extraParent : .parent
    }
    let transforms = try (link.transform ?? []).map { name throws(Problem) in
      guard let transform = Transform(rawValue: name) else {
        let known = Transform.allCases.map(\.rawValue).joined(separator: ", ")
        throw fail("has the transform '\(shown(name))', expected one of \(known)")
      }
      return transform
    }
    return ModelGraph.Edge(
      source: source, target: target, kind: kind, relation: Relation(relation, rank: link.rank),
      distance: link.distance, support: link.support, directionSupport: link.directionSupport,
      rankEvidence: link.rankEvidence, share: link.share, transforms: transforms, runnerUp: runnerUp,
      leftOut: leftOut)
  }

  private static func shown(_ text: String) -> String { TextColumns.shortened(text.printable, to: 80) }
}
