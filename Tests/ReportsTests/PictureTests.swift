import Foundation
import Graph
import Reports
import TestSupport
import Testing

/// The picture for papers, and with it the layout that the page has too.
struct PictureTests {
  private struct Box: Decodable {
    var name: String
    var x: Double
    var y: Double
    var width: Double
    var height: Double
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func boxes(_ svg: String) throws -> [Box] {
    try Oracle.run("boxes.py", try folder.write(svg, to: "tree.svg"))
  }

  @Test(arguments: EdgeLengths.allCases, [UInt64(1), 2, 3])
  func noBoxLiesOnAnother(_ lengths: EdgeLengths, _ seed: UInt64) throws {
    let graph = grownGraph(models: 300, families: 4, seed: seed)
    let boxes = try boxes(TreeFormat.picture(graph, lengths: lengths))
    #expect(boxes.map(\.name).sorted() == graph.nodes.map(\.id).sorted())
    let byTop = boxes.sorted { $0.y < $1.y }
    for (index, a) in byTop.enumerated() {
      for b in byTop[(index + 1)...] {
        guard b.y < a.y + a.height else { break }
        if a.x < b.x + b.width, b.x < a.x + a.width { Issue.record("\(a.name) and \(b.name) overlap") }
      }
    }
  }

  @Test(arguments: EdgeLengths.allCases)
  func parentsStandInTheMiddleOfTheirChildren(_ lengths: EdgeLengths) throws {
    let graph = grownGraph(models: 200, families: 3, seed: 5)
    let boxes = Dictionary(
      uniqueKeysWithValues: try boxes(TreeFormat.picture(graph, lengths: lengths)).map { ($0.name, $0) })
    for (parent, links) in Dictionary(grouping: graph.treeEdges, by: \.source) {
      let below = links.sorted { ($0.distance ?? 0) < ($1.distance ?? 0) }.compactMap {
        boxes[graph.nodes[$0.target].id]?.y
      }
      let own = try #require(boxes[graph.nodes[parent].id])
      let (first, last) = (try #require(below.min()), try #require(below.max()))
      #expect(abs(own.y - (first + last) / 2) < 0.2, "\(parent)")
      #expect(below == below.sorted(), "children of \(parent) by distance")
    }
  }

  @Test func lengthsAreDistances() throws {
    let graph = grownGraph(models: 120, families: 2, seed: 9)
    let boxes = Dictionary(
      uniqueKeysWithValues: try boxes(TreeFormat.picture(graph, lengths: .distance)).map { ($0.name, $0) })
    let lengths = try graph.treeEdges.map { edge -> (distance: Double, length: Double) in
      let ids = graph.nodes.map(\.id)
      let (parent, child) = (try #require(boxes[ids[edge.source]]), try #require(boxes[ids[edge.target]]))
      return (try #require(edge.distance), child.x - parent.x - parent.width)
    }
    let sorted = lengths.sorted { $0.distance < $1.distance }
    let (low, high) = (try #require(sorted.first), try #require(sorted.last))
    let slope = (high.length - low.length) / (high.distance - low.distance)
    for (distance, length) in lengths {
      #expect(abs(length - low.length - slope * (distance - low.distance)) < 0.5)
    }
  }

  @Test func wickedNamesKeepThePictureWhole() throws {
    let graph = nastyGraph()
    let names = try boxes(TreeFormat.picture(graph, lengths: .equal)).map(\.name)
    #expect(names.count == graph.nodes.count)
    #expect(names.contains("<b>&amp;</b>") && names.contains("]]>"))
  }

  /// Nothing recurses and nothing is quadratic.
  @Test(arguments: ["chain", "star", "comb", "lone"], EdgeLengths.allCases)
  func largeTreesAreDrawn(_ shape: String, _ lengths: EdgeLengths) {
    let graph = largeGraph(shape, models: 30_000)
    let svg = TreeFormat.picture(graph, lengths: lengths)
    #expect(svg.components(separatedBy: "<rect y=").count == graph.nodes.count + 1)
  }

  @Test func inferredNodesAreDashedAndComponentsDotted() throws {
    let graph = graphWithInferredNodes()
    let svg = TreeFormat.picture(graph, lengths: .equal)
    #expect(try boxes(svg).map(\.name).sorted() == graph.nodes.map(\.id).sorted())
    let parts = svg.components(separatedBy: "<g ")
    for node in graph.nodes {
      let part = try #require(parts.first { $0.contains("<title>\(node.id)</title>") })
      let box = part.prefix(upTo: try #require(part.range(of: "</g>")).lowerBound)
      #expect(box.contains("stroke-dasharray") == node.isInferred, "\(node.id)")
    }
    #expect(svg.contains("<title>vision → captioner: contains its vision tower</title>"))
    #expect(svg.contains("stroke-dasharray=\"1 4\""))
  }
}
