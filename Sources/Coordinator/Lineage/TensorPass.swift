package import Core
internal import Synchronization
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
    let comparison = Mutex(method.makeTotals(models: n))
    let relatedness = Mutex(Relatedness(models: n))
    let duplicates = Mutex(Duplicates(tolerances: problem.tolerances))
    let quantized = Mutex(QuantizedCopies(models: n))
    let scaled = Mutex(ScaledCopies(rounding: problem.rounding))
    var unusable = UnusableWeights()
    var adapterBases = makeAdapterBases()
    var number = 0
    try source.eachTensor { whole throws(Failure) in
      unusable.add(whole)
      let tensor = whole.finite
      let view = TensorView(tensor)
      // They know nothing of each other.
      Parallel.each(
        [
          { comparison.withLock { $0.add(view, scope) } },
          { relatedness.withLock { $0.add(view) } },
          { duplicates.withLock { $0.add(tensor) } },
          { quantized.withLock { $0.add(tensor) } },
          { scaled.withLock { $0.add(view) } },
        ], isWorthwhile: tensor.models.count >= Self.manyModels)
      if let updates = problem.updates { adapterBases?.add(tensor, updates: try updates.read(number)) }
      number += 1
      try observing(whole)
    }
    return TensorTotals(
      comparison: comparison.withLock { $0 }, relatedness: relatedness.withLock { $0 },
      duplicates: duplicates.withLock { $0 }, quantized: quantized.withLock { $0 }, scaled: scaled.withLock { $0 },
      scope: scope, unusable: unusable, adapterBases: adapterBases)
  }

  /// Whose pairs take longer than it takes to wake another thread.
  private static var manyModels: Int { 100 }

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
