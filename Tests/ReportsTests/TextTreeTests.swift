import Foundation
import Lineage
import Reports
import Testing

/// The text tree on a terminal.
struct TextTreeTests {
  private func columns(_ line: Substring) -> Int {
    line.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: sum
      default: sum + (scalar.properties.isEmojiPresentation || (0x3000...0x9fff).contains(scalar.value) ? 2 : 1)
      }
    }
  }

  @Test(arguments: [40, 60, 80, 120])
  func linesKeepToTheWidth(_ width: Int) {
    for forest in [nastyForest(), grownForest(models: 500, families: 6, seed: 2)] {
      let text = TextTree.render(forest, style: .init(columns: width))
      for line in text.split(separator: "\n") where columns(line) > width {
        Issue.record("\(columns(line)) columns: \(line)")
      }
      #expect(text.split(separator: "\n").count == forest.nodes.count + forest.familyCount)
    }
  }

  @Test func longNamesLoseTheirMiddle() {
    let text = TextTree.render(nastyForest(), style: .init(columns: 80))
    #expect(text.contains("long…") && text.contains("g x ") && !text.contains("long long long long long"))
  }

  @Test func coloursAreUsedOnlyWhereWanted() {
    let forest = grownForest(models: 20, families: 2, seed: 3)
    #expect(!TextTree.render(forest, style: .init(columns: 80)).contains("\u{1b}"))
    let painted = TextTree.render(forest, style: .init(columns: 80, hasColour: true))
    #expect(painted.contains("\u{1b}[1;36mfamily 1"))
    let plain = painted.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
    #expect(plain == TextTree.render(forest, style: .init(columns: 80)))
  }

  @Test func depthBeyondTheWidthIsCounted() {
    let nodes = (0..<200).map {
      Forest.Node(
        id: "m\($0)", path: "", family: 0, root: $0 == 0, score: nil, dtype: "F32", parameters: 1, duplicateOf: nil)
    }
    let links = (1..<200).map {
      Forest.Link(
        source: "m\($0 - 1)", target: "m\($0)", distance: 1, support: 1, directionSupport: 1, relation: .finetune)
    }
    let text = TextTree.render(Forest(graph: [:], nodes: nodes, links: links), style: .init(columns: 60))
    let last = text.split(separator: "\n").last ?? ""
    #expect(last.contains("m199") && last.wholeMatch(of: #/\+1\d\d +└m199 .*/#) != nil, "\(last)")
    #expect(text.split(separator: "\n").allSatisfy { columns($0) <= 60 })
  }
}
