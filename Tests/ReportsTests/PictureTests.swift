import Foundation
import Lineage
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
    let forest = grownForest(models: 300, families: 4, seed: seed)
    let boxes = try boxes(TreeFormat.picture(forest, lengths: lengths))
    #expect(boxes.map(\.name).sorted() == forest.nodes.map(\.id).sorted())
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
    let forest = grownForest(models: 200, families: 3, seed: 5)
    let boxes = Dictionary(
      uniqueKeysWithValues: try boxes(TreeFormat.picture(forest, lengths: lengths)).map { ($0.name, $0) })
    for (parent, links) in Dictionary(grouping: forest.links, by: \.source) {
      let below = links.sorted { $0.distance < $1.distance }.compactMap { boxes[$0.target]?.y }
      let own = try #require(boxes[parent])
      let (first, last) = (try #require(below.min()), try #require(below.max()))
      #expect(abs(own.y - (first + last) / 2) < 0.2, "\(parent)")
      #expect(below == below.sorted(), "children of \(parent) by distance")
    }
  }

  @Test func lengthsAreDistances() throws {
    let forest = grownForest(models: 120, families: 2, seed: 9)
    let boxes = Dictionary(
      uniqueKeysWithValues: try boxes(TreeFormat.picture(forest, lengths: .distance)).map { ($0.name, $0) })
    let lengths = try forest.links.map { link -> (distance: Double, length: Double) in
      let (parent, child) = (try #require(boxes[link.source]), try #require(boxes[link.target]))
      return (link.distance, child.x - parent.x - parent.width)
    }
    let sorted = lengths.sorted { $0.distance < $1.distance }
    let (low, high) = (try #require(sorted.first), try #require(sorted.last))
    let slope = (high.length - low.length) / (high.distance - low.distance)
    for (distance, length) in lengths {
      #expect(abs(length - low.length - slope * (distance - low.distance)) < 0.5)
    }
  }

  @Test func wickedNamesKeepThePictureWhole() throws {
    let forest = nastyForest()
    let names = try boxes(TreeFormat.picture(forest, lengths: .equal)).map(\.name)
    #expect(names.count == forest.nodes.count)
    #expect(names.contains("<b>&amp;</b>") && names.contains("]]>"))
  }

  /// Nothing recurses and nothing is quadratic: a chain, a star, and a comb of 20,000 models.
  @Test(arguments: ["chain", "star", "comb"])
  func largeTreesAreNoTrouble(_ shape: String) {
    let count = 20_000
    let nodes = (0..<count).map {
      Forest.Node(
        id: "\($0)", path: "", family: 0, root: $0 == 0, score: nil, dtype: "F32", parameters: 1, duplicateOf: nil)
    }
    let links = (1..<count).map { child in
      let parent = shape == "chain" ? child - 1 : shape == "star" ? 0 : child % 2 == 1 ? max(0, child - 2) : child - 1
      return Forest.Link(
        source: "\(parent)", target: "\(child)", distance: 1, support: 1, directionSupport: 1, relation: .finetune)
    }
    let svg = TreeFormat.picture(Forest(graph: [:], nodes: nodes, links: links), lengths: .equal)
    #expect(svg.components(separatedBy: "<rect y=").count == count + 1)
  }
}
