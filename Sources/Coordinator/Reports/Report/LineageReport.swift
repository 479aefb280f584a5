internal import Core
internal import Graph
package import System

/// What a run found of some models, in a form that can be put before somebody who was not there: claims, alternatives,
/// what was compared, how often such claims are right, limits, files.
package struct LineageReport: Encodable {
  /// A model and where it comes from.
  struct Claim: Encodable {
    var model: String
    /// In one sentence.
    var statement: String
    var why: Why?
    /// Of such an edge, by experience; nil for models without parent.
    var experience: String?
  }

  struct File: Encodable {
    var model: String
    var path: String
    var bytes: Int
    var sha256: String?
  }

  var software: String
  var created: String
  var summary: ForestSummary
  var claims: [Claim]
  var coverage: Coverage
  var errorRates: ErrorRates
  var licenses: [LicenseCheck]
  var limits: [String]
  var files: [File]

  /// More models make no report that anybody reads.
  package static let mostModels = 60

  /// - Parameter models: of the collection; all of it when empty.
  package init(_ run: FinishedRun, models: [Int]) throws(Failure) {
    let graph = run.graph
    let outline = Outline(graph)
    let wanted = models.isEmpty ? Set(graph.nodes.indices) : Set(models)
    let nodes = outline.order.filter { wanted.contains($0) && !graph.nodes[$0].isInferred }
    guard nodes.count <= Self.mostModels else {
      throw .usage(
        "the run has \(nodes.count) models, a report is of \(Self.mostModels) at most",
        advice: "name the models to include: modeltree report \(run.path.printable) MODEL...")
    }
    software = "modeltree \(Version.software)"
    created = run.record.started
    summary = ForestSummary(run.report)
    errorRates = ErrorRates.measured
    claims = []
    for node in nodes {
      let why = try Why(run, child: node)
      let edge = outline.edge(to: node)
      claims.append(
        Claim(
          model: graph.nodes[node].id, statement: Self.statement(node, outline), why: why,
          experience: edge.flatMap { ErrorRates.measured.sentence($0.certainty) }))
    }
    // With their parents and runners-up, which the claims are about.
    var shown = nodes
    for node in nodes {
      for other in [outline.parent[node], outline.edge(to: node)?.runnerUp].compactMap({ $0 })
      where !shown.contains(other) && !graph.nodes[other].isInferred { shown.append(other) }
    }
    coverage = try Coverage(run, shown)
    licenses = LicenseCheck.all(graph, among: wanted)
    limits = Self.limits(run, nodes)
    let known = Dictionary(run.record.models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    files = shown.flatMap { node -> [File] in
      let id = graph.nodes[node].id
      return (known[id]?.sources ?? []).map { File(model: id, path: $0.path, bytes: $0.bytes, sha256: $0.sha256) }
    }
  }

  package var json: String { JSONText.answer(self) }

  private static func statement(_ node: Int, _ outline: Outline) -> String {
    let graph = outline.graph
    let name = graph.nodes[node].id.printable
    guard let edge = outline.edge(to: node) else {
      guard outline.size[node] > 1 else {
        return "\(name): \(AnswerText.loneliness(graph.nodes[node], of: graph.nodes.count { !$0.isInferred }))."
      }
      return "\(name) is a root: nothing that it was compared with is its base."
    }
    let source = graph.nodes[edge.source]
    let parent = source.isInferred ? "an ancestor that is not in the collection (\(source.id))" : source.id.printable
    switch edge.relation.kind {
    case .duplicate, .reformatted: return "\(name) holds the same weights as \(parent)."
    default: break
    }
    let how = AnswerText.relation(edge)
    return switch edge.grade {
    case .firm: "\(name) was made from \(parent) (\(how))."
    case .weak: "\(name) was probably made from \(parent) (\(how)); the evidence is weak."
    case .undecided: "\(name) is related to \(parent) (\(how)); whether it was made from it is undecided."
    }
  }

  /// What the findings must not be taken for.
  private static func limits(_ run: FinishedRun, _ nodes: [Int]) -> [String] {
    var limits = [
      "A parent that is not in the collection cannot be named: a relative may stand in its place.",
      "Weights that were disguised on purpose may look like those of a stranger; distillation and training on the same data leave no common weights.",
      "Support says how far the answer depends on a few tensors and on noise. How often answers with that support were right is measured on small models that were trained for it (docs/accuracy.md).",
      "Declared bases and licenses are what the files of the models say; they changed nothing in the trees.",
    ]
    if nodes.contains(where: { run.graph.nodes[$0].model?.isComparable == false }) {
      limits.append(
        "Of models that were not compared, nothing is said: neither that they are related nor that they are not.")
    }
    return limits
  }
}
