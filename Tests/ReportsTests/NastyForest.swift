import Lineage

/// Ids that every format must survive: separators, quotes, markup, controls, scripts, lengths.
let nastyIDs = [
  "plain", "a-b_c d", "org/name", "(paren),(x)", "it's", "'", "two:colons;semi", "\"quoted\"", "\"",
  "<b>&amp;</b>", "a & b", "#hash %41 #35;", "comma,comma", "back\\slash", "end\\", "\\N \\n \\G \\\"",
  "line\nbreak", "emoji🌲👩‍👩‍👧", "Größe", "中文 模型",
  "\u{1b}[31mred\u{1b}[0m", String(repeating: "long ", count: 600) + "x",
  "[bracket]", "a\"]b[\"", "tab\there", "cr\r\nlf", "quote'\u{301}", "double\"\u{301}", "slash\\\u{301}",
  "comma,\u{301}", "A", "a", "`tick`", "end", "subgraph", "=1+1", "\u{202e}rtl", "--> |x|", "]]>",
  "-1", "007", " leading and trailing ",
]

/// Three families: a broad tree, a chain that ends in a duplicate, a model alone.
func nastyForest() -> Forest {
  let last = nastyIDs.count - 1
  let chain = 30
  var nodes: [Forest.Node] = []
  var links: [Forest.Link] = []
  for (index, id) in nastyIDs.enumerated() {
    let family = index < chain ? 0 : index < last ? 1 : 2
    let parent: Int? =
      switch index {
      case 0, chain, last: nil
      case ..<chain: (index - 1) / 2
      default: index - 1
      }
    let isDuplicate = index == last - 1
    nodes.append(
      Forest.Node(
        id: id, path: "/models/\(id)", family: family, root: parent == nil,
        score: index == last ? nil : Double(index) / 3, dtype: "F32", parameters: 1000 + index,
        duplicateOf: isDuplicate ? nastyIDs[index - 1] : nil))
    if let parent {
      links.append(
        Forest.Link(
          source: nastyIDs[parent], target: id, distance: isDuplicate ? 0 : 1.5e-7 * Double(index * index),
          support: 0.25 * Double(index % 5), directionSupport: 0.5,
          relation: isDuplicate ? .duplicate : index % 7 == 3 ? .lora(rank: index) : .finetune))
    }
  }
  return Forest(graph: ["program": "modeltree <test> & \"co\""], nodes: nodes, links: links)
}
