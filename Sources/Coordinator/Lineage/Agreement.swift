/// What a declared base is worth beside the weights.
public enum Agreement: String, Sendable, Codable, CaseIterable {
  /// The declared base is the parent that was found, or a copy of it.
  case agrees
  /// It is found further up.
  case ancestor
  /// It is another model of the collection.
  case contradicts
}

extension Forest {
  /// Compares declared bases with what was found. One that is not in the collection says nothing.
  ///
  /// - Parameter declared: by model id, as an uploader wrote it: an id, or a name that ends like one.
  public mutating func compare(declared: [String: String]) {
    let ids = nodes.map(\.id)
    let firsts = Dictionary(
      nodes.map { ($0.id, $0.duplicateOf ?? $0.id) }, uniquingKeysWith: { first, _ in first })
    let parents = Dictionary(grouping: links + extraLinks, by: \.target).mapValues { $0.map(\.source) }
    let up = Dictionary(links.map { ($0.target, $0.source) }, uniquingKeysWith: { first, _ in first })
    var found: [String: Agreement] = [:]
    for index in nodes.indices {
      let child = nodes[index].id
      guard let name = declared[child] else { continue }
      nodes[index].declaredBase = name
      guard let base = Self.resolve(name, ids), base != child else { continue }
      nodes[index].declaredModel = base
      let first = firsts[base] ?? base
      var agreement = Agreement.contradicts
      if (parents[child] ?? []).contains(where: { firsts[$0] == first }) {
        agreement = .agrees
      } else {
        var above = up[child]
        for _ in nodes.indices {
          guard let model = above, agreement == .contradicts else { break }
          if firsts[model] == first { agreement = .ancestor }
          above = up[model]
        }
      }
      nodes[index].hint = agreement
      found[child] = agreement
    }
    for index in links.indices { links[index].hint = found[links[index].target] }
  }

  /// The model that a name means: its id, or else the only one whose last part is the name's.
  private static func resolve(_ name: String, _ ids: [String]) -> String? {
    if ids.contains(name) { return name }
    func last(_ text: String) -> String {
      text.split(separator: "/").last.map { $0.lowercased() } ?? text.lowercased()
    }
    let matches = ids.filter { last($0) == last(name) }
    return matches.count == 1 ? matches[0] : nil
  }
}
