internal import System

/// A verdict as one page that needs nothing else and prints well: no script, no link to anywhere.
package enum PairPage {
  package static func render(_ verdict: PairVerdict, created: String) -> String {
    PaperPage.render(
      title: title(verdict),
      body: """
        <p class="verdict \(verdict.kinship.rawValue)">\(label(verdict))</p>
        <h1>\(PaperPage.escaped(verdict.finding))</h1>
        <h2>Evidence</h2>
        <dl>
        \(verdict.facts.map { "<dt>\(PaperPage.escaped($0.name))</dt><dd>\(PaperPage.escaped($0.value))</dd>" }.joined(separator: "\n"))
        </dl>
        \(PaperPage.table(verdict.componentTable, caption: "What was compared"))
        \(PaperPage.section("Left out", verdict.notes))
        \(PaperPage.section("What this does not say", verdict.limits))
        \(files(verdict))
        <footer>modeltree \(Version.software), \(PaperPage.escaped(created))</footer>
        """)
  }

  private static func title(_ verdict: PairVerdict) -> String {
    verdict.models.map(\.id.printable).joined(separator: " and ")
  }

  private static func label(_ verdict: PairVerdict) -> String {
    switch verdict.kinship {
    case .related: verdict.undecided && !verdict.isCopy ? "related, direction undecided" : "related"
    case .unrelated: "not related"
    case .sharesComponent: "a part in common"
    case .notComparable: "not comparable"
    }
  }

  private static func files(_ verdict: PairVerdict) -> String {
    let rows = verdict.models.flatMap { model in
      model.files.map { [model.id, $0.path, "\($0.bytes)", $0.sha256 ?? "not hashed (--hashes)"] }
    }
    return PaperPage.table([["model", "file", "bytes", "SHA-256"]] + rows, caption: "Files")
  }
}
