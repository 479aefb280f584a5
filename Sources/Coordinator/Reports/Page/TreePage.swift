internal import Core
internal import Foundation
internal import Graph
package import System

/// `tree.html`: an interactive view of the graph, in one self-contained file.
///
/// Names come from files. They are passed as JSON without any markup characters, and the script only ever inserts them
/// as text.
package enum TreePage {
  private struct Content: Encodable {
    struct Fact: Encodable {
      let name: String
      let value: String
    }

    struct Positions: Encodable {
      let x: [Double]
      let y: [Double]
    }

    struct Layout: Encodable {
      let box: Double
      let row: Double
      let gap: Double
      let shortest: Double
      let scale: Double
      let labels: [String]
      let widths: [Double]
      let equal: Positions
      let distance: Positions
    }

    struct Other: Encodable {
      let node: Int
      let distance: Double?
    }

    struct Files: Encodable {
      let bytes: Int
      let names: [String]
    }

    let facts: [Fact]
    /// Pairs of models, and those of different families of which nothing was compared.
    let pairs: Int
    let pairsNotCompared: Int
    let notes: [String]
    let citation: String
    let metric: String
    let definition: String
    /// Per relation how its edges are dashed.
    let dashes: [String: String]
    /// Nodes in the order of the tree.
    let order: [Int]
    let layout: Layout
    /// Per node the next best parent.
    let nextBest: [Other?]
    /// Per node what speaks for and against its place.
    let evidence: [EdgeEvidence?]
    let files: [Files?]
    let matrix: DistanceImage
  }

  /// Writes `tree.html` into the directory of a run whose other results are there.
  ///
  /// - Parameter record: of the run, which need not be on disk yet.
  /// - Returns: its path.
  package static func write(_ record: RunRecord, to folder: String) throws(Failure) -> String {
    let path = "\(folder)/tree.html"
    try AtomicFile.write(try render(FinishedRun(path: folder, record: record)), to: path)
    return path
  }

  package static func render(_ run: FinishedRun) throws(Failure) -> String {
    let outline = Outline(run.graph)
    let distances = try run.distances()
    let (cost, relatedness) = (try run.costs(), try run.relatedness())
    let alternatives = Alternatives(outline, cost: cost)
    let reader = try EvidenceReader(
      run, outline, distances: distances, cost: cost, relatedness: relatedness, nextBest: alternatives.nextBest)
    let content = content(
      run, outline, distances, alternatives,
      evidence: try run.graph.nodes.indices.map { node throws(Failure) in try reader.evidence(of: node) },
      pairsNotCompared: pairsNotCompared(run.graph, relatedness))
    let title = "Model tree of \(outline.order.count) models"
    return filled(
      text(PackageResources.page_html),
      [
        "title": title, "style": text(PackageResources.page_css), "script": script,
        "tree": inScript(TreeDocument(run.report).text),
        "content": inScript(JSONText.of(content)),
      ])
  }

  private static func content(
    _ run: FinishedRun, _ outline: Outline, _ distances: BlockMatrix, _ alternatives: Alternatives,
    evidence: [EdgeEvidence?], pairsNotCompared: Int
  ) -> Content {
    let drawing = TreeLayout(outline)
    func positions(_ lengths: EdgeLengths) -> Content.Positions {
      let found = drawing.positions(lengths)
      return .init(x: found.x.map(rounded), y: found.y.map(rounded))
    }
    let files = Dictionary(run.record.models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let observed = run.graph.nodes.count { !$0.isInferred }
    return Content(
      facts: RunFacts.of(run).map { .init(name: $0.name, value: $0.value) },
      pairs: observed * (observed - 1) / 2, pairsNotCompared: pairsNotCompared,
      notes: run.report.description.notes, citation: RunFacts.citation(run), metric: run.metric,
      definition: run.report.description.definition, dashes: Self.dashes, order: outline.order,
      layout: .init(
        box: TreeLayout.box, row: TreeLayout.row, gap: TreeLayout.gap, shortest: TreeLayout.shortest,
        scale: drawing.scale,
        labels: drawing.labels, widths: drawing.widths.map(rounded), equal: positions(.equal),
        distance: positions(.distance)),
      nextBest: alternatives.nextBest.enumerated().map { node, other in
        other.map {
          let distance = distances[$0.node, node]
          return .init(node: $0.node, distance: distance.isFinite ? distance : nil)
        }
      },
      evidence: evidence,
      files: outline.graph.nodes.map { node in
        files[node.id].map { .init(bytes: $0.bytes, names: $0.files) }
      },
      matrix: DistanceImage(distances, order: outline.order))
  }

  /// Related and unrelated are findings; what is neither was not compared.
  private static func pairsNotCompared(_ graph: ModelGraph, _ relatedness: BlockMatrix) -> Int {
    let observed = graph.nodes.indices.filter { !graph.nodes[$0].isInferred }
    return observed.indices.reduce(0) { sum, place in
      let a = observed[place]
      return sum
        + observed[..<place].count { b in
          graph.nodes[a].family != graph.nodes[b].family && !relatedness[a, b].isFinite
        }
    }
  }

  private static var dashes: [String: String] {
    Dictionary(
      uniqueKeysWithValues: Relation.Kind.allCases.compactMap { kind in
        kind.facts.dashes.map { (kind.rawValue, $0) }
      })
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  /// The parts of the script share one scope, in which each knows what comes before it, and functions of all.
  private static var script: String {
    let parts = [
      PackageResources.elements_js, PackageResources.forest_js, PackageResources.words_js,
      PackageResources.colours_js, PackageResources.state_js, PackageResources.arrangement_js,
      PackageResources.picture_js, PackageResources.elements_in_view_js, PackageResources.light_js,
      PackageResources.address_js, PackageResources.zoom_js, PackageResources.details_js,
      PackageResources.hover_js, PackageResources.search_js, PackageResources.heat_map_js,
      PackageResources.table_js, PackageResources.controls_js, PackageResources.start_js,
    ]
    return "\"use strict\";\n(() => {\n\(parts.map(text).joined(separator: "\n"))})();\n"
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// JSON that is safe inside a script element, whatever its strings contain.
  static func inScript(_ json: String) -> String {
    var text = ""
    text.reserveCapacity(json.utf8.count)
    for scalar in json.unicodeScalars {
      switch scalar {
      case "<", ">", "&", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// Replaces the marks `<!--name-->` of the template, each of which occurs once, by their values.
  private static func filled(_ template: String, _ values: [String: String]) -> String {
    var text = ""
    var rest = template[...]
    while let start = rest.range(of: "<!--"), let end = rest[start.upperBound...].range(of: "-->") {
      text += rest[..<start.lowerBound]
      text += values[String(rest[start.upperBound..<end.lowerBound])] ?? ""
      rest = rest[end.upperBound...]
    }
    return text + rest
  }
}
