internal import System

/// A truth by numbers, held against a graph: which of its models are there, and who descends from whom.
struct TruthIndex {
  /// Of `truth.models`, then of parents that the truth does not list itself.
  let ids: [String]
  /// Per model its parents, in the order of the truth.
  let parents: [[Int]]
  /// Per model its node in the graph; nil for models that are not in the run.
  let node: [Int?]
  /// Per node of the graph its model; nil for inferred nodes and for models that the truth does not know.
  let model: [Int?]

  init(_ truth: Truth, in graph: ModelGraph) {
    var number: [ByteString: Int] = [:]
    var ids: [String] = []
    func place(_ id: String) -> Int {
      let key = ByteString(id)
      if let known = number[key] { return known }
      number[key] = ids.count
      ids.append(id)
      return ids.count - 1
    }
    for model in truth.models { _ = place(model.id) }
    var parents: [[Int]] = Array(repeating: [], count: ids.count)
    for (child, model) in truth.models.enumerated() { parents[child] = model.parents.map(place) }
    parents += Array(repeating: [], count: ids.count - parents.count)
    var node: [Int?] = Array(repeating: nil, count: ids.count)
    var model: [Int?] = Array(repeating: nil, count: graph.nodes.count)
    for (place, found) in graph.nodes.enumerated() where !found.isInferred {
      guard let known = number[ByteString(found.id)] else { continue }
      node[known] = place
      model[place] = known
    }
    self.ids = ids
    self.parents = parents
    self.node = node
    self.model = model
  }

  /// The nodes that a model has as its nearest present ancestors, itself included when it is present: more than one
  /// only where absent merges lie between.
  func nearestPresent(_ model: Int) -> [Int] {
    var found: [Int] = []
    walkUp(from: model) { model in
      guard let node = node[model] else { return .further }
      found.append(node)
      return .stop
    }
    return found
  }

  func descends(_ model: Int, from ancestor: Int) -> Bool {
    var isFound = false
    walkUp(from: model) { above in
      isFound = isFound || (above == ancestor && above != model)
      return isFound ? .stop : .further
    }
    return isFound
  }

  private enum Step { case further, stop }

  /// Visits a model and all above it, each once, parents in their order.
  private func walkUp(from model: Int, _ visit: (Int) -> Step) {
    var open = [model]
    var seen: Set<Int> = [model]
    while let next = open.popLast() {
      guard visit(next) == .further else { continue }
      for parent in parents[next].reversed() where seen.insert(parent).inserted { open.append(parent) }
    }
  }

  /// Models joined by true edges, also by way of models that are not in the run: a number per model.
  var families: [Int] {
    var above = Array(ids.indices)
    func root(_ model: Int) -> Int {
      var model = model
      while above[model] != model {
        above[model] = above[above[model]]
        model = above[model]
      }
      return model
    }
    for (child, parents) in parents.enumerated() {
      for parent in parents { above[root(parent)] = root(child) }
    }
    return ids.indices.map(root)
  }
}
