internal import Core
internal import Foundation
internal import Graph
internal import System

extension Why {
  package var json: String { JSONText.answer(self) }

  package var text: String {
    var lines: [String] = []
    let name = child.printable
    if let duplicateOf {
      let form = transform.isEmpty ? "" : " (\(transform.joined(separator: ", ")))"
      lines.append(
        relation == "reformatted"
          ? "\(name) holds the same weights as \(duplicateOf.printable), in another form\(form)."
          : "\(name) holds the same weights as \(duplicateOf.printable)\(form).")
      lines.append("Copies hang below the first of them; who copied whom, the weights do not say.")
      lines += alignment?.lines ?? []
      return (lines + claims + (judgement ?? [])).joined(separator: "\n") + "\n"
    }
    guard relatives > 0 else {
      return (lone + claims + (judgement ?? [])).joined(separator: "\n") + "\n"
    }
    if let parent {
      let how = rank.map { "\(relation ?? ""), rank \($0)" } ?? relation ?? ""
      lines.append("\(name) is under \(parent.id.printable)  (\(how); family \(family), \(relatives) relatives)")
    } else {
      let extent = comparedRelatives == nil ? "" : ", as far as it was compared"
      lines.append("\(name) is the root of family \(family)  (\(relatives) relatives\(extent))")
    }
    if let support, let directionSupport {
      lines.append(
        "support \(AnswerText.percent(support)), direction \(AnswerText.percent(directionSupport))\(doubt)"
      )
    }
    if let comparedRelatives {
      lines.append(
        "compared weight by weight with \(comparedRelatives) of its \(counted(relatives, "relative")), by their fingerprints"
      )
    }
    if isParentLeftOut == true {
      lines.append("it was not compared with its parent: their trees are related through other models")
    }
    if let leftOut {
      lines.append(
        "not excluded: \(leftOut.printable), which it was not compared with, may be nearer than the parent and be the parent itself"
      )
    }
    lines += claims
    if relation == "quantized", !encodings.isEmpty {
      lines.append("its weights are stored as \(encodings.joined(separator: ", "))")
    }
    lines += alignment?.lines ?? []
    if let layers, let parent, let parentLayers, layers != parentLayers {
      lines.append(
        "its layers are those that its relatives number \(Self.ranges(layers)); \(parent.id.printable): \(Self.ranges(parentLayers))"
      )
    }
    if equalTensors > 0 {
      lines.append(
        "equal to the parent's, bit for bit: \(equalTensors) of \(counted(sharedTensors, "compared tensor"))")
    }
    for part in [TextTable.of(table), legend, judgement ?? verdict] where !part.isEmpty { lines += [""] + part }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Layers, those that follow each other as `0-3`.
  private static func ranges(_ layers: [String]) -> String {
    var parts: [(first: String, last: String)] = []
    for layer in layers {
      if let last = parts.last.flatMap({ Int($0.last) }), Int(layer) == last + 1 {
        parts[parts.count - 1].last = layer
      } else {
        parts.append((layer, layer))
      }
    }
    return parts.map { $0.first == $0.last ? $0.first.printable : "\($0.first.printable)-\($0.last.printable)" }
      .joined(separator: " ")
  }

  /// On the model that was asked for; nil where none was.
  private var judgement: [String]? {
    instead.map { $0.text(child) + ($0.standing == .possible ? rivalry : []) }
  }

  /// Of a model without relatives.
  private var lone: [String] {
    let name = child.printable
    guard comparedModels > 0 else {
      guard isSectioned == nil else {
        return [
          "\(name) was compared with no other model: its fingerprint is like that of none. The notes of the run say what that may miss."
        ]
      }
      return [
        "\(name) was not compared: none of its weights could be held against another model of this run, so its relatives are not known. The notes of the run say what was not read (modeltree plan)."
      ]
    }
    let rest = otherModels - comparedModels
    let why =
      switch (isSectioned, otherWidths) {
      case (nil, nil): "it has nothing in common that could be compared"
      case (nil, let others?):
        "it was not compared (their widths differ\(others < rest ? ", or they have nothing in common" : ""))"
      default: "it was not compared"
      }
    let left = rest > 0 ? " With \(counted(rest, "other")) \(why)." : ""
    return [
      "\(name) is related to no other model that it was compared with: its weights are as far from those of \(counted(comparedModels, "model")) as weights that were initialized independently.\(left)"
    ]
  }

  /// ": undecided, m-6f03 is as likely" or the like; empty for firm edges.
  private var doubt: String {
    guard let grade, grade != .firm else { return "" }
    guard let alternative, alternative != leftOut else { return ": \(grade.rawValue)" }
    return grade == .undecided
      ? ": undecided, \(alternative.printable) is nearly as likely"
      : ": weak, \(alternative.printable) is within noise"
  }

  /// What is declared, beside what the weights say.
  private var claims: [String] {
    guard let declaredBase else { return [] }
    let base = declaredBase.printable
    return switch hint {
    case .agrees: ["declared base \(base): the weights agree"]
    case .ancestor: ["declared base \(base): an ancestor, further up"]
    case .contradicts:
      [
        "declared base \(base): CONTRADICTED by the weights"
          + (instead == nil ? " ('modeltree why RUN \(child.printable) --instead \(base)' says how)" : "")
      ]
    case nil: ["declared base \(base): not in the collection, so the weights cannot be asked"]
    }
  }

  private var table: [[String]] {
    let shown = [(parent, "parent"), (runnerUp, instead?.standing == .possible ? "instead" : "runner-up")].compactMap {
      candidate, title in
      candidate.map { ($0, title) }
    }
    guard !shown.isEmpty else { return [] }
    func row(_ title: String, _ value: (Candidate) -> String, _ own: String = "") -> [String] {
      [title] + shown.map { value($0.0) } + (own.isEmpty ? [] : [own])
    }
    var rows = [[""] + shown.map { "\($0.0.id.printable) (\($0.1))" } + ["\(child.printable) (itself)"]]
    rows.append(row("distance", { AnswerText.number($0.distance) }))
    rows.append(row("nearest relatives", { "\(AnswerText.ordinal($0.nearness)) of \(relatives)" }))
    rows.append(row("evidence that it came first", { AnswerText.signed($0.evidence) }))
    rows.append(row("price of order and tokens", { AnswerText.number($0.penalty) }))
    rows.append(row("cost (distance + price)", { AnswerText.number($0.cost) }))
    rows.append(row("relatedness ratio (strangers: 1)", { AnswerText.number($0.relatedness) }))
    rows.append(row("probability if unrelated", { $0.probability.map(AnswerText.probability) ?? "-" }))
    rows.append(row("score", { $0.score.map(AnswerText.number) ?? "-" }, score.map(AnswerText.number) ?? "-"))
    rows.append(row("mean kurtosis", { AnswerText.number($0.kurtosis) }, AnswerText.number(kurtosis)))
    if parent != nil, runnerUp != nil, tensors > 0 {
      rows.append(row("nearer in linear maps", { "\($0.nearerTensors) of \(tensors)" }))
    }
    return rows
  }

  /// The words of the table that are not plain.
  private var legend: [String] {
    guard parent != nil || runnerUp != nil else { return [] }
    return [
      "price: added to the distance, in its unit, where the order of training or the trained tokens speak against the pair.",
      "The tree is the one whose costs add up to the least.",
    ]
  }

  private var verdict: [String] {
    var lines: [String] = []
    if relation == "merge" {
      return [
        "It was recognized as a weighted mean, from the distances among its relatives: only the models in the mean",
        "can be its parents, and the cheapest of them is the one in the tree (docs/method.md).",
      ]
    }
    if let without {
      let tree = parent == nil ? "The best tree with another root" : "The best tree without this edge"
      let place =
        parent == nil
        ? "starts from \(without.root.printable)"
        : without.parent.map { "puts it under \($0.printable)" } ?? "makes it the root"
      lines.append(
        without.extraCost >= 0
          ? "\(tree) \(place) and costs \(AnswerText.number(without.extraCost)) more."
          : "\(tree) \(place) and would cost \(AnswerText.number(-without.extraCost)) less: the shape of the tree decided (docs/method.md)."
      )
    }
    return lines + rivalry
  }

  /// What would have to be different for the rival to win.
  private var rivalry: [String] {
    var lines: [String] = []
    guard let parent, let runnerUp else { return lines }
    let margin = runnerUp.cost - parent.cost
    guard margin >= 0, let distanceToLose else {
      lines.append(
        "The runner-up alone costs less by \(AnswerText.number(-margin)); one tree for all relatives has the parent.")
      return lines
    }
    let share = parent.distance > 0 ? " (\(AnswerText.signed(100 * margin / parent.distance)) %)" : ""
    lines.append("For \(runnerUp.id.printable) to win, one of these would have to be so:")
    lines.append("  the distance to \(parent.id.printable) above \(AnswerText.number(distanceToLose))\(share)")
    if runnerUp.distance > margin {
      lines.append(
        "  the distance to \(runnerUp.id.printable) below \(AnswerText.number(runnerUp.distance - margin))")
    }
    if let evidenceToLose {
      lines.append("  the evidence for \(parent.id.printable) below \(AnswerText.signed(evidenceToLose))")
    } else {
      lines.append("No direction could do it: going against it costs at most \(AnswerText.number(largestPenalty)).")
    }
    return lines
  }
}
