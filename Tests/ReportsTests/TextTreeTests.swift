import Foundation
import Graph
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
    for graph in [nastyGraph(), grownGraph(models: 500, families: 6, seed: 2)] {
      let text = TextTree.render(graph, style: .init(columns: width))
      for line in text.split(separator: "\n") where columns(line) > width {
        Issue.record("\(columns(line)) columns: \(line)")
      }
      #expect(text.split(separator: "\n").count == graph.nodes.count + graph.familyCount)
    }
  }

  @Test func longNamesLoseTheirMiddle() {
    let text = TextTree.render(nastyGraph(), style: .init(columns: 80))
    #expect(text.contains(#/long?[a-z ]*…[a-z ]*g x /#) && !text.contains("long long long long long"))
  }

  @Test func coloursAreUsedOnlyWhereWanted() {
    let graph = grownGraph(models: 20, families: 2, seed: 3)
    #expect(!TextTree.render(graph, style: .init(columns: 80)).contains("\u{1b}"))
    let painted = TextTree.render(graph, style: .init(columns: 80, hasColour: true))
    #expect(painted.contains("\u{1b}[1;36mfamily 0"))
    let plain = painted.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
    #expect(plain == TextTree.render(graph, style: .init(columns: 80)))
  }

  @Test func depthBeyondTheWidthIsCounted() {
    let graph = largeGraph("chain", models: 200)
    let text = TextTree.render(graph, style: .init(columns: 60))
    let last = text.split(separator: "\n").last ?? ""
    #expect(last.wholeMatch(of: #/\+1\d\d +└199 .*/#) != nil, "\(last)")
    #expect(text.split(separator: "\n").allSatisfy { columns($0) <= 60 })
  }

  /// The text of a chain grows with its length, and not with its square.
  @Test func deepTreesStaySmallWithoutATerminal() {
    let text = TextTree.render(largeGraph("chain", models: 30_000))
    #expect(text.split(separator: "\n").count == 30_001)
    #expect(text.utf8.count < 30_000 * 600)
    #expect(text.contains("\n└── 1  1.000  support 100 %\n    └── 2  "))
  }

  @Test func inferredNodesAndComponentsAreNamed() {
    let lines = TextTree.render(graphWithInferredNodes()).split(separator: "\n")
    #expect(lines.contains("inferred-1  (root) [inferred, support 90 %]"))
    #expect(lines.contains { $0.contains("inferred-2  ") && $0.hasSuffix("[inferred, support 75 %]") })
    #expect(
      lines.contains {
        $0.contains("captioner  ") && $0.hasSuffix("(lora, rank 4) [contains vision tower of vision, 30 %]")
      })
    #expect(lines.contains { $0.hasSuffix("(merge: 75 % left + 25 % right)") })
    #expect(lines.contains("vision  (not compared with any other model)"))
  }

  @Test(arguments: [40, 44, 60, 80])
  func theSummaryIsWholeHoweverNarrowTheTerminalIs(_ width: Int) {
    let report = report(graphWithInferredNodes())
    func head(_ style: TextTree.Style) -> Substring {
      let text = TextTree.render(report, style: style)
      return text[..<(text.range(of: "\n\n")?.lowerBound ?? text.endIndex)]
    }
    let narrow = head(.init(columns: width))
    #expect(narrow.split(whereSeparator: \.isWhitespace) == head(.init()).split(whereSeparator: \.isWhitespace))
    #expect(narrow.split(separator: "\n").allSatisfy { columns($0) <= width })
  }
}
