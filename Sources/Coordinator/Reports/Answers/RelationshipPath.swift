package import Graph
package import System

/// How two models are related: the path between them along the tree, by way of their common ancestor.
package struct RelationshipPath: Encodable {
  package struct Step: Encodable {
    package var from: String
    package var to: String
    /// up: `to` is the parent of `from`; down: the other way round.
    package var direction: String
    package var distance: Double
    package var support: Double
    package var relation: String
    package var undecided: Bool
    package var grade: Grade
    /// `to` is not in the collection: an ancestor that others imply. Absent otherwise.
    package var inferred: Bool?
  }

  package var from: String
  package var to: String
  /// nil: of different families.
  package var commonAncestor: String?
  package var steps: [Step]
  /// Sum of the distances along the path.
  package var wayDistance: Double?
  /// Between the two themselves; nil where they share nothing.
  package var distance: Double?
  /// |x - y|^2 / (|x|^2 + |y|^2); about 1 for strangers.
  package var relatedness: Double?
  /// true where they were not compared since their fingerprints are not alike, else nil.
  package var leftApart: Bool?
  /// true where they were not compared since their widths differ, else nil.
  package var otherWidths: Bool?
  /// true where they were not compared since others are nearer to both by their fingerprints, else nil.
  package var leftOut: Bool?
  /// Probability of so much in common between networks that were initialized independently.
  package var probability: Double?

  package init(_ run: FinishedRun, from: Int, to: Int) throws(Failure) {
    let outline = Outline(run.graph)
    let ids = run.ids
    self.from = ids[from]
    self.to = ids[to]
    let direct = try run.row("/distance/\(run.metric)", from)[to]
    distance = direct.isFinite ? direct : nil
    let ratio = try run.row("/relatedness", from)[to]
    relatedness = ratio.isFinite ? ratio : nil
    // Earlier runs did not keep it.
    let chance = (try? run.row("/relatedness_p", from))?[to]
    probability = chance?.isFinite == true ? chance : nil
    otherWidths = run.areOfOtherWidths(from, to) ? true : nil
    leftApart = otherWidths == nil && run.areApart(from, to) ? true : nil
    leftOut = run.areLeftOut(from, to) ? true : nil
    let (up, down) = (outline.ancestry(of: from), outline.ancestry(of: to))
    let above = Set(down)
    guard let common = up.first(where: { above.contains($0) }) else {
      steps = []
      return
    }
    commonAncestor = ids[common]
    func step(_ child: Int, isUp: Bool) -> Step? {
      guard let edge = outline.edge(to: child) else { return nil }
      let (from, to) = isUp ? (edge.target, edge.source) : (edge.source, edge.target)
      return Step(
        from: ids[from], to: ids[to], direction: isUp ? "up" : "down", distance: edge.distance ?? 0,
        support: edge.support, relation: AnswerText.relation(edge), undecided: edge.isUndecided, grade: edge.grade,
        inferred: run.graph.nodes[to].isInferred ? true : nil)
    }
    steps =
      up.prefix { $0 != common }.compactMap { step($0, isUp: true) }
      + down.prefix { $0 != common }.reversed().compactMap { step($0, isUp: false) }
    wayDistance = steps.reduce(0) { $0 + $1.distance }
  }

  package var json: String { JSONText.answer(self) }

  package var text: String {
    let (a, b) = (from.printable, to.printable)
    var lines: [String] = []
    if let commonAncestor {
      let ups = steps.count { $0.direction == "up" }
      let downs = steps.count - ups
      lines.append("\(a) and \(b): \(Self.kin(ups, downs, a, b)), common ancestor \(commonAncestor.printable)")
      lines.append("")
      lines += TextTable.of(
        [[a]]
          + steps.map { step in
            [
              (step.direction == "up" ? "^ " : "v ") + step.to.printable + (step.inferred == true ? " (inferred)" : ""),
              AnswerText.number(step.distance),
              "support \(AnswerText.percent(step.support))\(step.grade == .firm ? "" : ", \(step.grade.rawValue)")",
              step.relation,
            ]
          }, indent: "  ")
      lines.append("")
      lines.append("distance along the way  \(AnswerText.number(wayDistance ?? 0))")
    } else if leftApart == true {
      lines.append("\(a) and \(b) were not compared weight by weight: their fingerprints are not alike")
    } else if leftOut == true {
      lines.append(
        "\(a) and \(b) were not compared weight by weight: others are nearer to both by their fingerprints")
    } else if otherWidths == true {
      lines.append("\(a) and \(b) were not compared (their widths differ)")
    } else if relatedness == nil {
      lines.append("\(a) and \(b) are not comparable: they share no tensor of one name and shape that was trained")
    } else {
      lines.append("\(a) and \(b) are of different families: no common ancestor in this run")
    }
    let none = [leftApart, otherWidths, leftOut].contains(true) ? "not measured" : Self.none
    lines.append("distance of the two     \(distance.map(AnswerText.number) ?? none)")
    if let relatedness { lines.append("relatedness ratio       \(AnswerText.number(relatedness))  (strangers: 1)") }
    if let probability { lines.append("probability, unrelated  \(AnswerText.probability(probability))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let none = "none, they share no tensor"

  private static func kin(_ ups: Int, _ downs: Int, _ a: String, _ b: String) -> String {
    switch (ups, downs) {
    case (0, 0): "the same model"
    case (1, 0): "\(b) is the parent"
    case (0, 1): "\(a) is the parent"
    case (let ups, 0): "\(b) is an ancestor, \(ups) steps up"
    case (0, let downs): "\(a) is an ancestor, \(downs) steps up"
    case (1, 1): "siblings"
    default: "\(ups) \(ups == 1 ? "step" : "steps") up and \(downs) down"
    }
  }
}
