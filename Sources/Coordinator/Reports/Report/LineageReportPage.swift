internal import Graph
internal import System

extension LineageReport {
  /// One page that needs nothing else and prints well.
  package var html: String {
    let parts = [
      "<h1>\(PaperPage.escaped(title))</h1>",
      "<p>" + summary.lines.map(PaperPage.escaped).joined(separator: "<br>") + "</p>",
      "<h2>Findings</h2>", claims.map(article).joined(separator: "\n"), licenseTable, matrix,
      PaperPage.table(errorRates.table, caption: "How often such edges are right"),
      "<p>Measured on \(errorRates.collections) collections with known trees: docs/accuracy.md of modeltree.</p>",
      PaperPage.section("What this does not say", limits), PaperPage.section("Left out or noted", summary.notes),
      fileTable,
      "<footer>\(PaperPage.escaped(software)); the run was started \(PaperPage.escaped(created)). Check the files: modeltree verify RUN --hashes</footer>",
    ]
    return PaperPage.render(title: title, body: parts.filter { !$0.isEmpty }.joined(separator: "\n"))
  }

  private var title: String {
    claims.count == 1
      ? "Where \(claims[0].model.printable) comes from" : "Where \(counted(claims.count, "model")) come from"
  }

  private func article(_ claim: Claim) -> String {
    var facts: [(name: String, value: String)] = []
    let why = claim.why
    if let why, let support = why.support, let direction = why.directionSupport {
      facts.append(("support", "\(AnswerText.percent(support)), direction \(AnswerText.percent(direction))"))
    }
    if let experience = claim.experience { facts.append(("experience", experience)) }
    if let why { facts += why.evidence }
    let grade = why?.grade.map { "<p class=\"grade \($0.rawValue)\">\($0.rawValue)</p>" } ?? ""
    let wrong =
      why?.hint == .contradicts
      ? "<p class=\"grade wrong\">declared base \(PaperPage.escaped(why?.declaredBase ?? "")): contradicted by the weights</p>"
      : ""
    return """
      <article>
      <h3>\(PaperPage.escaped(claim.statement))</h3>
      \(grade)\(wrong)
      \(PaperPage.facts(facts))
      </article>
      """
  }

  private var licenseTable: String {
    PaperPage.table(
      [["parent", "license", "child", "license", "conflict"]]
        + licenses.map {
          [
            $0.parent, $0.parentLicense ?? "not declared", $0.child, $0.childLicense ?? "not declared",
            $0.conflict ?? "none seen",
          ]
        }, caption: "Licenses, as declared (no legal advice)")
  }

  private var matrix: String {
    let rows = coverage.rows
    func line(_ cells: [String], _ isHead: Bool) -> String {
      "<tr>"
        + cells.enumerated().map { place, cell in
          isHead || place == 0
            ? "<th scope=\"\(isHead ? "col" : "row")\">\(PaperPage.escaped(cell))</th>"
            : "<td>\(PaperPage.escaped(cell))</td>"
        }.joined() + "</tr>"
    }
    return """
      <h2>What was compared</h2>
      <p>Tensors that two models share, and the share of the row's weights that were compared with the column's.</p>
      <div class="scroll"><table class="matrix">
      <thead>\(line(rows[0], true))</thead>
      <tbody>
      \(rows.dropFirst().map { line($0, false) }.joined(separator: "\n"))
      </tbody>
      </table></div>
      """
  }

  private var fileTable: String {
    PaperPage.table(
      [["model", "file", "bytes", "SHA-256"]]
        + files.map { [$0.model, $0.path, "\($0.bytes)", $0.sha256 ?? "not hashed (recover --hashes)"] },
      caption: "Files")
  }
}

extension Why {
  /// What speaks for the place of the model and against it, for a report.
  var evidence: [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = []
    if let parent {
      facts.append(("distance to the parent", AnswerText.number(parent.distance)))
      facts.append(("ratio", "\(AnswerText.number(parent.relatedness)) (copies 0, strangers 1)"))
      if let probability = parent.probability {
        facts.append(("probability", "\(AnswerText.probability(probability)) if they were unrelated"))
      }
    }
    if sharedTensors > 0 {
      facts.append(("compared", "\(counted(sharedTensors, "tensor")), \(equalTensors) of them equal bit for bit"))
    }
    if !transform.isEmpty { facts.append(("undone before", transform.joined(separator: ", "))) }
    if let alternative { facts.append(("may also be", alternative)) }
    if let runnerUp {
      facts.append(
        (
          "runner-up",
          "\(runnerUp.id) at distance \(AnswerText.number(runnerUp.distance)), cost \(AnswerText.number(runnerUp.cost))"
        ))
    }
    if let without {
      let place = without.parent.map { "puts it under \($0)" } ?? "makes it a root"
      facts.append(
        ("without this", "the best other tree \(place) and costs \(AnswerText.number(without.extraCost)) more"))
    }
    if let declaredBase {
      let agreement =
        switch hint {
        case .agrees: "the weights agree"
        case .ancestor: "an ancestor, further up"
        case .contradicts: "contradicted by the weights"
        case nil: "not in the collection"
        }
      facts.append(("declared base", "\(declaredBase): \(agreement)"))
    }
    return facts
  }
}
