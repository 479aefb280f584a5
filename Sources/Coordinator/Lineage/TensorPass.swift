package import Core
package import System

/// Reads every tensor and keeps what adds up over all of them, for all models and pairs.
package struct TensorPass<Method: LineageMethod>: Sendable {
  private let problem: LineageProblem
  private let method: Method

  package init(_ problem: LineageProblem, _ method: Method) {
    self.problem = problem
    self.method = method
  }

  /// - Parameter observing: called once with every tensor, in order.
  /// - Throws: what the source, the reader of the adapters' changes and the observer throw.
  package func run(
    _ source: some TensorSource, observing: (TensorSums) throws(Failure) -> Void = { _ throws(Failure) in }
  ) throws(Failure) -> TensorTotals<Method.Totals> {
    let n = problem.modelCount
    let scope = Scope(source, models: n)
    var totals = TensorTotals(
      comparison: method.makeTotals(models: n), relatedness: Relatedness(models: n),
      duplicates: Duplicates(tolerances: problem.tolerances), quantized: QuantizedCopies(models: n),
      scaled: ScaledCopies(rounding: problem.rounding), scope: scope,
      unusable: UnusableWeights(), adapterBases: makeAdapterBases())
    var number = 0
    try source.eachTensor { whole throws(Failure) in
      totals.unusable.add(whole)
      let tensor = whole.finite
      let view = TensorView(tensor)
      totals.comparison.add(view, scope)
      totals.relatedness.add(view)
      totals.duplicates.add(tensor)
      totals.quantized.add(tensor)
      totals.scaled.add(view)
      if let updates = problem.updates { totals.adapterBases?.add(tensor, updates: try updates.read(number)) }
      number += 1
      try observing(whole)
    }
    return totals
  }

  private func makeAdapterBases() -> AdapterBases? {
    problem.updates.map {
      AdapterBases(
        models: problem.modelCount, metric: problem.options.metric, targets: $0.targets, updates: $0.counts)
    }
  }
}

/// What the first reading of the tensors says of all models and pairs.
package struct TensorTotals<Comparison: ComparisonTotals>: Sendable {
  /// What the method adds up.
  package var comparison: Comparison
  package var relatedness: Relatedness
  package var duplicates: Duplicates
  package var quantized: QuantizedCopies
  package var scaled: ScaledCopies
  package var scope: Scope
  package var unusable: UnusableWeights
  /// nil where the changes of adapters were not read.
  package var adapterBases: AdapterBases?
}
