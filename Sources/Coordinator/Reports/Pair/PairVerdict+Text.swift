internal import Graph
internal import System

extension PairVerdict {
  /// The finding in one sentence.
  package var finding: String {
    let (a, b) = (models[0].id.printable, models[1].id.printable)
    switch kinship {
    case .notComparable:
      let why = components.isEmpty ? "they have no tensor in common" : "what they have in common fits any model"
      return "\(a) and \(b) cannot be compared: \(why)."
    case .unrelated:
      return "\(a) and \(b) are not related: no trace of common weights was found."
    case .sharesComponent:
      let parts = shared.map { part in
        let share = part.share.map { ", \(AnswerText.percent($0)) of its weights" } ?? ""
        return "\(part.target.printable) has the \(part.component.printable) of \(part.source.printable)\(share)"
      }
      return "\(a) and \(b) are not related as a whole, but \(parts.joined(separator: "; "))."
    case .related:
      guard let parent, let child, let relation else {
        return "\(a) and \(b) are related: it seems that both were made from a third model, which was not given."
      }
      if relation == Relation.duplicate.name { return "\(a) and \(b) hold the same weights, bit for bit." }
      if isCopy, undecided {
        return "\(a) and \(b) hold the same weights in different forms; who copied whom, the weights do not say."
      }
      let how = rank.map { "\(relation), rank \($0)" } ?? relation
      return undecided
        ? "\(a) and \(b) are related (\(how)); which of them was first, the weights do not say."
        : "\(a) and \(b) are related: \(child.id.printable) was made from \(parent.printable) or from a model near it (\(how))."
    }
  }

  var isCopy: Bool { relation == Relation.duplicate.name || relation == Relation.reformatted.name }

  /// The answer for people.
  package var text: String {
    var lines = [finding, ""]
    lines += TextTable.of(facts.map { [$0.name, $0.value] })
    let table = componentTable
    if table.count > 1 { lines += [""] + TextTable.of(table) }
    if !notes.isEmpty { lines += ["", "left out"] + notes.map { "  \($0)" } }
    lines += ["", "what this does not say"] + limits.map { "  \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  struct Fact: Equatable {
    let name: String
    let value: String
  }

  /// What speaks for the finding, in the order of its weight.
  var facts: [Fact] {
    var facts: [Fact] = []
    if let ratio {
      facts.append(
        Fact(
          name: "difference",
          value:
            "\(AnswerText.number(ratio)) of what independently initialized weights differ by (copies 0, strangers 1)"))
    }
    // Of models that share a part, it says something of the rest alone.
    if let probability, kinship != .sharesComponent {
      facts.append(Fact(name: "probability", value: "\(AnswerText.probability(probability)) if they were unrelated"))
    }
    if let distance { facts.append(Fact(name: "distance", value: AnswerText.number(distance))) }
    if let parent, !(isCopy && undecided), let directionSupport {
      facts.append(
        Fact(
          name: "who was first",
          value:
            "\(parent.printable), direction \(AnswerText.percent(directionSupport))\(undecided ? ": undecided" : "")"))
    }
    if !transforms.isEmpty {
      facts.append(Fact(name: "undone before", value: transforms.map(\.rawValue).joined(separator: ", ")))
    }
    if let alignment {
      facts.append(
        Fact(
          name: "witness",
          value:
            "\(alignment.agreements) of \(counted(alignment.units, "unit")) are the same by separate maps, \(AnswerText.probability(alignment.probability)) if unrelated; cosine \(AnswerText.number(alignment.likeness))"
        ))
    }
    for model in models {
      let form = [model.format, model.encodings.joined(separator: "+")].compactMap { $0 }.joined(separator: ", ")
      facts.append(
        Fact(
          name: model.id.printable,
          value:
            "\(AnswerText.percent(model.share)) of its \(model.parameters) weights compared (\(form)), \(counted(model.files.count, "file"))"
        ))
    }
    return facts
  }

  /// With a line of titles; empty where nothing was compared.
  var componentTable: [[String]] {
    guard !components.isEmpty else { return [] }
    return [["compared", "tensors", "weights", "difference"]]
      + components.map {
        [$0.name, "\($0.tensors)", "\($0.weights)", $0.ratio.map(AnswerText.number) ?? "-"]
      }
  }

  /// What the finding must not be taken for.
  var limits: [String] {
    switch kinship {
    case .notComparable:
      [
        "Whether the two are related: nothing was compared. 'modeltree plan' shows what of each model can be read."
      ]
    case .unrelated, .sharesComponent:
      [
        "Weights that were disguised on purpose (units reordered, bases rotated) may look like those of a stranger.",
        "Distillation and training on the same data leave no common weights.",
      ]
    case .related:
      [
        "Two models alone do not tell a parent from a sibling: both may come from a third one that was not given.",
        "Recover them together with their family to find out: modeltree recover MODEL... --out run",
      ]
    }
  }
}
