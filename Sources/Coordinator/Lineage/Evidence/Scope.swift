package import Core

/// Which tensors the rules use of two models: the linear maps that both have; where they have none in common (only
/// embeddings, heads or vectors), all that they share. What other models have plays no part.
package struct Scope: Sendable {
  /// n x n: do two models share a linear map? The diagonal: does the model share one with any other?
  private let sharesLinear: [Bool]
  private let n: Int

  package init(_ source: some TensorSource, models n: Int) {
    self.n = n
    var shares = Array(repeating: false, count: n * n)
    var seen: Set<[Int]> = []
    for (role, models) in zip(source.roles, source.models) where role == .linear && seen.insert(models).inserted {
      for i in models { for j in models { shares[i * n + j] = true } }
    }
    sharesLinear = shares
  }

  /// Is a tensor used for two models?
  package func includes(_ role: TensorRole, _ i: Int, _ j: Int) -> Bool { role == .linear || !sharesLinear[i * n + j] }

  /// Does a tensor count for what is said of a single model?
  package func includes(_ role: TensorRole, _ model: Int) -> Bool { includes(role, model, model) }

  package func sharesLinear(_ i: Int, _ j: Int) -> Bool { sharesLinear[i * n + j] }
}
