internal import System

/// One page for reading and printing that needs nothing else: no script, no link to anywhere.
enum PaperPage {
  /// - Parameter body: markup.
  static func render(title: String, body: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>\(escaped(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
  }

  /// A list under a heading; nothing where there are no lines.
  static func section(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    return "<h2>\(title)</h2>\n<ul>\n" + lines.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n") + "\n</ul>"
  }

  static func facts(_ facts: [(name: String, value: String)]) -> String {
    "<dl>\n" + facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }.joined(separator: "\n")
      + "\n</dl>"
  }

  /// - Parameter rows: the titles first.
  static func table(_ rows: [[String]], caption: String) -> String {
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

  static func escaped(_ text: String) -> String { XMLText.escaped(text.printable) }

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
    .firm { color: light-dark(#0b6b3a, #6fd49b); } .weak { color: light-dark(#8a5a00, #f0c36c); }
    .undecided, .wrong { color: light-dark(#b3261e, #ff8a80); }
    .grade { font-weight: 600; }
    article { border-top: 1px solid light-dark(#ddd, #444); margin-top: 1.25rem; padding-top: .75rem; break-inside: avoid; }
    h3 { font-size: 1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
    .scroll { overflow-x: auto; } .matrix { font-size: .8rem; width: auto; }
    .matrix td, .matrix th { padding: .2rem .5rem; white-space: nowrap; overflow-wrap: normal; }
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
