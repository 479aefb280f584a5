/// What resampling cannot see, and support has to pay for: that a parent may be absent, that a model may have more
/// parents than one, and that a merge on a line may be the parent instead of the child.
struct SupportDiscounts {
  private let trees: FamilyTrees
  private let doubt: ParentDoubt
  private let suspects: Set<Int>
  /// Per model in a merge whose order nothing but the line between the three tells: what is left of its support.
  private let orders: [Int: Double]

  /// What remains of the support of an edge to a model that several others explain, or that went on where its parent
  /// was going: it may have more parents, or another one.
  private static let supportOfSuspects = 0.8

  /// - Parameter suspects: models that several others explain, and those of `ContinuedSteps`.
  init(_ trees: FamilyTrees, _ events: Events, _ doubt: ParentDoubt, suspects: Set<Int>) {
    self.trees = trees
    self.doubt = doubt
    self.suspects = suspects
    var orders: [Int: Double] = [:]
    for merge in events.merges.joined() where merge.order != .known {
      // If the model was no merge, the parent that is below the other one came from it.
      let outer = merge.parents.filter { trees.parents[$0].map(merge.parents.contains) ?? false }
      for model in outer + [merge.child] { orders[model] = min(orders[model] ?? 1, merge.order.support) }
    }
    self.orders = orders
  }

  func apply(to support: inout Support) {
    for child in support.edges.indices {
      let isSuspect = suspects.contains(child) && trees.parents[child] != nil
      let order = orders[child] ?? 1
      let discount = doubt.discount(child) * (isSuspect ? Self.supportOfSuspects : 1) * order
      support.edges[child] *= discount
      support.directions[child] *= order
      support.parents[child] = support.parents[child].mapValues { $0 * discount }
    }
  }
}
