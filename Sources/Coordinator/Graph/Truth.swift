/// A known family tree. It may name models that are not in the run.
package struct Truth: Sendable, Equatable {
  package struct Model: Sendable, Equatable {
    package var id: String
    /// Several for a merge; any of them counts as found. Empty for a root.
    package var parents: [String]

    package init(id: String, parents: [String]) {
      self.id = id
      self.parents = parents
    }
  }

  package let models: [Model]

  package init(models: [Model]) { self.models = models }

  /// A model that is reached again by going from parent to parent; nil when there is none.
  package var ownAncestor: String? {
    // Removes models whose parents are all gone, roots first; a cycle never goes.
    var children: [String: [String]] = [:]
    var waitsFor: [String: Int] = [:]
    for model in models {
      let parents = Set(model.parents)
      waitsFor[model.id] = parents.count
      for parent in parents { children[parent, default: []].append(model.id) }
    }
    var free = models.map(\.id).filter { waitsFor[$0] == 0 }
    while let id = free.popLast() {
      waitsFor[id] = nil
      for child in children[id] ?? [] {
        waitsFor[child, default: 0] -= 1
        if waitsFor[child] == 0 { free.append(child) }
      }
    }
    guard var id = models.first(where: { waitsFor[$0.id] != nil })?.id else { return nil }
    // What remains may hang below the cycle: go up until a model comes again.
    let parents = Dictionary(models.map { ($0.id, $0.parents) }) { first, _ in first }
    var seen: Set<String> = []
    while seen.insert(id).inserted {
      guard let next = parents[id]?.first(where: { waitsFor[$0] != nil }) else { return id }
      id = next
    }
    return id
  }
}
