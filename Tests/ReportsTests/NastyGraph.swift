import Graph

/// Ids that every format must survive: separators, quotes, markup, controls, scripts, lengths.
let nastyIDs = [
  "plain", "a-b_c d", "org/name", "(paren),(x)", "it's", "'", "two:colons;semi", "\"quoted\"", "\"",
  "<b>&amp;</b>", "a & b", "#hash %41 #35;", "comma,comma", "back\\slash", "end\\", "\\N \\n \\G \\\"",
  "line\nbreak", "emoji🌲👩‍👩‍👧", "Größe", "中文 模型",
  "\u{1b}[31mred\u{1b}[0m", String(repeating: "long ", count: 600) + "x",
  "[bracket]", "a\"]b[\"", "tab\there", "cr\r\nlf", "quote'\u{301}", "double\"\u{301}", "slash\\\u{301}",
  "comma,\u{301}", "A", "a", "`tick`", "end", "subgraph", "=1+1", "\u{202e}rtl", "--> |x|", "]]>",
  "-1", "007", "'=1+1", "''=1+1", "@SUM(A1)", "+1", "\u{ff1d}1", "semi;=1", "\t=1", "\u{7}bell", "c1\u{9b}31m",
  "line\\u{a}break", "line\u{2028}separator", "\u{2066}isolated", "delete\u{7f}", "\u{1}", "\u{2}", "\\u{1}",
  " leading and trailing ",
]

/// Three families: a broad tree, a chain that ends in a duplicate, a model alone.
func nastyGraph() -> ModelGraph {
  let last = nastyIDs.count - 1
  let chain = 30
  var nodes: [ModelGraph.Node] = []
  var edges: [ModelGraph.Edge] = []
  for (index, id) in nastyIDs.enumerated() {
    let parent: Int? =
      switch index {
      case 0, chain, last: nil
      case ..<chain: (index - 1) / 2
      default: index - 1
      }
    let isDuplicate = index == last - 1
    nodes.append(
      ModelGraph.Node(
        id: id, family: index < chain ? 0 : index < last ? 1 : 2,
        model: .init(
          path: "/models/\(id)", score: index == last ? nil : Double(index) / 3, dtype: "F32",
          parameters: 1000 + index, duplicateOf: isDuplicate ? index - 1 : nil)))
    if let parent {
      edges.append(
        ModelGraph.Edge(
          source: parent, target: index,
          relation: isDuplicate ? .duplicate : index % 7 == 3 ? .lora(rank: index) : .finetune,
          distance: isDuplicate ? 0 : 1.5e-7 * Double(index * index), support: 0.25 * Double(index % 5),
          directionSupport: 0.5))
    }
  }
  return ModelGraph(nodes: nodes, edges: edges)
}

/// What `IDText` does to an id, written a second time, scalar by scalar.
func escaped(_ id: String) -> String {
  let scalars = Array(id.unicodeScalars)
  return scalars.indices.map { place in
    let scalar = scalars[place]
    let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    let isHidden = ["\u{2028}", "\u{2029}", "\u{202e}", "\u{2066}", "\u{feff}"].contains(scalar)
    let isEscape = scalar == "\\" && scalars[(place + 1)...].starts(with: ["u", "{"])
    return isControl || isHidden || isEscape ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
  }.joined()
}
