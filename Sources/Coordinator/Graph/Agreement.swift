internal import System

/// What a declared base is worth beside the weights.
package enum Agreement: String, Sendable, Codable, CaseIterable {
  /// The declared base is the parent that was found, or a copy of it.
  case agrees
  /// It is found further up.
  case ancestor
  /// It is another model of the collection.
  case contradicts
}

extension ModelGraph {
  /// Compares declared bases with what was found. One that is not in the collection says nothing.
  ///
  /// - Parameter declared: by model id, as an uploader wrote it: an id, or a name that ends like one.
  package mutating func compare(declared: [String: String]) {
    let resolver = NameResolver(nodes)
    let first = nodes.indices.map { nodes[$0].model?.duplicateOf ?? $0 }
    let parents = parents
    var allParents: [[Int]] = Array(repeating: [], count: nodes.count)
    for edge in edges where edge.component == nil { allParents[edge.target].append(edge.source) }
    for child in nodes.indices {
      guard nodes[child].model != nil, let name = declared[nodes[child].id] else { continue }
      var declaration = Declaration(base: name)
      if let base = resolver.model(name), base != child {
        declaration.model = base
        if allParents[child].contains(where: { first[$0] == first[base] }) {
          declaration.agreement = .agrees
        } else {
          var above = parents[child]
          while let model = above, first[model] != first[base] { above = parents[model] }
          declaration.agreement = above == nil ? .contradicts : .ancestor
        }
      }
      nodes[child].model?.declaration = declaration
    }
  }

  /// Finds the model that a name means: the one with that id, or else the only one whose last part is the name's.
  private struct NameResolver {
    private var exact: [String: Int] = [:]
    /// By the last part; nil where several models share it.
    private var byLastPart: [String: Int?] = [:]

    init(_ nodes: [Node]) {
      for (place, node) in nodes.enumerated() where !node.isInferred {
        if exact[node.id] == nil { exact[node.id] = place }
        byLastPart[Self.lastPart(node.id)] = byLastPart.keys.contains(Self.lastPart(node.id)) ? .some(nil) : place
      }
    }

    func model(_ name: String) -> Int? { exact[name] ?? byLastPart[Self.lastPart(name)] ?? nil }

    private static func lastPart(_ text: String) -> String {
      text.split(separator: "/").last.map { $0.lowercased() } ?? text.lowercased()
    }
  }
}
