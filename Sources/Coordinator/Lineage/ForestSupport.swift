/// Says how firmly the edges stand.
package struct ForestSupport<Method: LineageMethod>: Sendable {
  private let options: LineageOptions
  private let method: Method

  package init(_ options: LineageOptions, _ method: Method) {
    self.options = options
    self.method = method
  }

  package func run(
    _ trees: FamilyTrees, _ families: FamilyGroups, _ pairs: PairFindings<Method.Pairs>, _ events: Events
  ) -> Support {
    var support = Support(nodes: trees.parents.count)
    // The same weights do not say who copied whom.
    for (model, original) in families.duplicateOf.enumerated() where original != nil { support.directions[model] = 0.5 }
    // Of two multiples of each other, nothing but their relatives tells which is the original.
    for finding in families.scaled where !finding.isOrderKnown { support.directions[finding.copy] = 0.5 }
    for tree in trees.trees {
      guard options.replicates > 0, tree.nodes.count > 1, let resampler = method.resampler(tree, pairs, events) else {
        continue
      }
      let found = Support(of: tree, resampler, replicates: options.replicates, seed: options.seed)
      for (a, model) in tree.nodes.enumerated() {
        support.edges[model] = found.edges[a]
        support.directions[model] = found.directions[a]
        support.parents[model] = Dictionary(
          found.parents[a].map { (tree.nodes[$0.key], $0.value) }, uniquingKeysWith: { first, _ in first })
      }
    }
    return support
  }
}
