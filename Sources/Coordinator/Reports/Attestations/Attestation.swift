package import Graph
internal import System

/// What a run or a comparison found, in the form that supply-chain standards share: models, their files and hashes,
/// their ancestors.
package struct Attestation: Sendable, Equatable {
  var models: [AttestedModel]
  /// ISO 8601, in whole seconds and UTC.
  var created: String
  /// What was found, in one sentence; empty for a whole run.
  var finding: String

  /// - Parameters:
  ///   - files: of each observed model, by its id.
  ///   - created: ISO 8601; when the finding was made.
  package init(_ graph: ModelGraph, files: [String: [AttestedModel.File]], created: String, finding: String = "") {
    self.created = created
    self.finding = finding
    var ancestors: [Int: [AttestedModel.Ancestor]] = [:]
    for edge in graph.edges {
      ancestors[edge.target, default: []].append(
        AttestedModel.Ancestor(
          id: graph.nodes[edge.source].id, relation: edge.relation.name, support: edge.support,
          directionSupport: edge.directionSupport, grade: edge.grade, share: edge.share,
          component: edge.component))
    }
    models = graph.nodes.enumerated().map { place, node in
      AttestedModel(
        id: node.id, isInferred: node.isInferred, files: files[node.id] ?? [], parameters: node.model?.parameters,
        encodings: node.model.map { $0.encodings.isEmpty ? [$0.dtype] : $0.encodings } ?? [],
        ancestors: ancestors[place] ?? [])
    }
  }

  /// Everything that a finished run found.
  package init(_ run: FinishedRun) {
    let files = run.record.models.map { model in
      (model.id, (model.sources ?? []).map { AttestedModel.File(path: $0.path, bytes: $0.bytes, sha256: $0.sha256) })
    }
    self.init(
      run.graph, files: Dictionary(files, uniquingKeysWith: { first, _ in first }), created: run.record.started)
  }

  /// A UUID that stands for the content: the same finding has the same one (RFC 9562, version 8).
  var uuid: String {
    var hash = SHA256()
    hash.add(created)
    hash.add(finding)
    for model in models {
      hash.add(model.id)
      for file in model.files { hash.add("\(file.path) \(file.bytes) \(file.sha256 ?? "")") }
      for ancestor in model.ancestors { hash.add("\(ancestor)") }
    }
    var digits = Array(hash.digest.text.prefix(32))
    digits[12] = "8"
    digits[16] = "8"
    let text = String(digits)
    var parts: [String] = []
    var rest = text[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(String(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }

  /// What is said beside each ancestor.
  static func statement(_ ancestor: AttestedModel.Ancestor) -> String {
    let share = ancestor.share.map { ", share \(AnswerText.percent($0))" } ?? ""
    let part = ancestor.component.map { " of its \($0)" } ?? ""
    return
      "\(ancestor.relation)\(part) of \(ancestor.id), support \(AnswerText.percent(ancestor.support)), direction \(AnswerText.percent(ancestor.directionSupport))\(share)\(ancestor.grade == .firm ? "" : ", \(ancestor.grade.rawValue)")"
  }
}
