internal import System

/// A verdict as one page that needs nothing else and prints well: no script, no link to anywhere.
package enum PairPage {
  package static func render(_ verdict: PairVerdict, created: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>\(escaped(title(verdict)))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <main>
    <p class="verdict \(verdict.kinship.rawValue)">\(label(verdict))</p>
    <h1>\(escaped(verdict.finding))</h1>
    <h2>Evidence</h2>
    <dl>
    \(verdict.facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }.joined(separator: "\n"))
    </dl>
    \(table(verdict.componentTable, caption: "What was compared"))
    \(section("Left out", verdict.notes))
    \(section("What this does not say", verdict.limits))
    \(files(verdict))
    <footer>modeltree \(Version.software), \(escaped(created))</footer>
    </main>
    </body>
    </html>

    """
  }

  private static func title(_ verdict: PairVerdict) -> String {
    verdict.models.map(\.id.printable).joined(separator: " and ")
  }

  private static func label(_ verdict: PairVerdict) -> String {
    switch verdict.kinship {
    case .related: verdict.undecided ? "related, direction undecided" : "related"
    case .unrelated: "not related"
    case .sharesComponent: "a part in common"
    case .notComparable: "not comparable"
    }
  }

  private static func section(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    return "<h2>\(title)</h2>\n<ul>\n" + lines.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n") + "\n</ul>"
  }

  private static func files(_ verdict: PairVerdict) -> String {
    let rows = verdict.models.flatMap { model in
      model.files.map { [model.id, $0.path, "\($0.bytes)", $0.sha256 ?? "not hashed (--hashes)"] }
    }
    return table([["model", "file", "bytes", "SHA-256"]] + rows, caption: "Files")
  }

  /// - Parameter rows: the titles first.
  private static func table(_ rows: [[String]], caption: String) -> String {
    guard rows.count > 1, let titles = rows.first else { return "" }
    func line(_ cells: [String], _ tag: String, _ attributes: String = "") -> String {
      "<tr>" + cells.map { "<\(tag)\(attributes)>\(escaped($0))</\(tag)>" }.joined() + "</tr>"
    }
    return """
      <h2>\(caption)</h2>
      <table>
      <thead>\(line(titles, "th", " scope=\"col\""))</thead>
      <tbody>
      \(rows.dropFirst().map { line($0, "td") }.joined(separator: "\n"))
      </tbody>
      </table>
      """
  }

  private static func escaped(_ text: String) -> String { XMLText.escaped(text.printable) }

  private static let style = """
    :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
    body { margin: 0; }
    main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem; }
    h1 { font-size: 1.5rem; line-height: 1.3; margin: .25rem 0 1.5rem; }
    h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
    .verdict { display: inline-block; margin: 0; padding: .15rem .7rem; border-radius: 1rem; font-weight: 600;
      border: 2px solid currentColor; }
    .related { color: light-dark(#0b6b3a, #6fd49b); }
    .unrelated, .shares_component { color: light-dark(#8a3b12, #f0a67c); }
    .not_comparable { color: light-dark(#555, #bbb); }
    dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0; }
    dt { font-weight: 600; overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid light-dark(#ddd, #444);
      vertical-align: top; overflow-wrap: anywhere; }
    footer { margin-top: 2.5rem; color: light-dark(#666, #aaa); font-size: .85rem; }
    @media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
    @media print { main { max-width: none; padding: 0; } h2, table { break-inside: avoid; } }
    """
}
