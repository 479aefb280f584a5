internal import Foundation
internal import Graph
internal import System

extension ScanAnswer {
  /// The finding in one sentence.
  package var finding: String {
    let id = model.id.printable
    switch verdict {
    case .copy:
      let first = copies[0]
      let how =
        first.hasSameFiles
        ? "is \(first.model.id.printable), file by file"
        : first.hasSameFormat
          ? "holds the weights of \(first.model.id.printable)"
          : "holds the weights of \(first.model.id.printable) in another form"
      return "\(id) \(how)."
    case .related: return related(id)
    case .sharesPart:
      return
        "\(id) is not related as a whole to any model of the registry, but has the \(parts[0].component.printable) of \(parts[0].model.id.printable)."
    case .unknown: return "\(id) is not related to any of the \(comparable) comparable models of the registry."
    case .notComparable:
      return
        "\(id) cannot be compared: none of the \(searched) models of the registry has a tensor like one of its own."
    }
  }

  private func related(_ id: String) -> String {
    if isCoarse, let nearest = parents.first {
      return
        "\(id) is a coarsely rounded relative of \(nearest.model.id.printable); what it was rounded from is not in the registry."
    }
    guard let parent = parents.first, parent.probability > 0, let relation else {
      guard let child = children.first, !isChildUndecided else {
        let relative = children.first ?? family?.members.first
        return "\(id) is related to \(relative?.id.printable ?? ""); which came first is open."
      }
      return "\(id) is an ancestor of \(child.id.printable)."
    }
    let how = relation.rank.map { "\(relation.name), rank \($0)" } ?? relation.name
    return isUndecided
      ? "\(id) is a relative of \(parent.model.id.printable) (\(how)); from which model it was made is undecided."
      : "\(id) was made from \(parent.model.id.printable) or from a model near it (\(how))."
  }

  /// The answer for people.
  package var text: String {
    var lines = [finding, ""]
    lines += TextTable.of(facts)
    if !parents.isEmpty {
      lines += [""] + TextTable.of([["parent", "probability", "difference", "license", "path"]] + parents.map(row))
      let rest = 1 - parents.reduce(0) { $0 + $1.probability }
      if rest > 0.005 { lines.append("another, absent, or none of them: \(percent(rest))") }
    }
    if !parts.isEmpty {
      lines += [""]
      lines += TextTable.of(
        [["part in common", "with", "tensors", "weights", "equal"]]
          + parts.map {
            [
              $0.component.printable, $0.model.id.printable, "\($0.tensors)", "\($0.weights)",
              $0.isExact ? "yes" : "no",
            ]
          })
    }
    if !comparisons.isEmpty {
      let why =
        isUndecided ? "the fingerprint does not suffice; compare exactly with" : "to compare the weights themselves"
      lines += ["", "\(why):"] + comparisons.map { "  " + $0.map(PathText.here).joined(separator: " ") }
    }
    if !damaged.isEmpty { lines += ["", "not read"] + damaged.map { "  \($0)" } }
    lines += ["", "what this does not say"] + limits.map { "  \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private var facts: [[String]] {
    var facts = [["registry", "\(registry.printable): \(counted(searched, "model")), \(comparable) comparable"]]
    for copy in copies.prefix(8) { facts.append(["copy", copy.model.id.printable + suffix(copy)]) }
    if let family {
      let oldest = family.oldest.map { ", the oldest \($0.id.printable)" } ?? ""
      facts.append(["relatives", "\(family.members.count) of the nearest\(oldest)"])
      if let probability = family.probability {
        facts.append([
          "if unrelated", "probability \(probability < 1e-14 ? "below 1e-14" : String(format: "%.0e", probability))",
        ])
      }
    }
    if let directionSupport { facts.append(["who was first", "the parent, \(percent(directionSupport))"]) }
    if !children.isEmpty { facts.append(["children", children.prefix(8).map(\.id.printable).joined(separator: ", ")]) }
    if let mergedFrom, !mergedFrom.isEmpty {
      facts.append(["merged from", mergedFrom.map(\.id.printable).joined(separator: ", ")])
    }
    if isParentAbsent { facts.append(["parent", "probably not in the registry: the candidates are siblings"]) }
    if isCoarse {
      facts.append(["order", "unknown: rounding hides which came first; the candidates are the nearest models"])
    }
    if let nearest { facts.append(["nearest", "\(nearest.id.printable), a stranger"]) }
    return facts
  }

  private func suffix(_ copy: Copy) -> String {
    copy.hasSameFiles ? " (same files)" : copy.hasSameFormat ? "" : " (other format)"
  }

  private func row(_ parent: Parent) -> [String] {
    [
      parent.model.id.printable, percent(parent.probability),
      parent.difference.map { String(format: "%.3g", $0) } ?? "-", (parent.model.license ?? "-").printable,
      PathText.here(parent.model.path),
    ]
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private var limits: [String] {
    var limits = [
      "Fingerprints hold a sample of the weights; names, dates and licenses are as declared when they were added."
    ]
    switch verdict {
    case .copy: break
    case .related:
      limits.append("A parent that is not in the registry cannot be named; a sibling may stand in its place.")
    case .sharesPart, .unknown, .notComparable:
      limits.append(
        "Weights that were disguised on purpose (units reordered, bases rotated) may look like a stranger's.")
    }
    return limits
  }
}
