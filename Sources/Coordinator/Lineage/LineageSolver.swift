package import Core
package import System

/// Finds the parent of every model from the gathered sums.
package struct LineageSolver: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  /// - Parameters:
  ///   - source: gathered sums of all compared tensors. Read three times, the last time only as far as needed.
  ///   - observing: called once with every tensor, in order.
  /// - Throws: what the source and the observer throw.
  package func solve(
    _ source: some TensorSource, observing: (TensorSums) throws(Failure) -> Void = { _ throws(Failure) in }
  ) throws(Failure) -> Lineage {
    let options = problem.options
    let source = RankedTensors(source, stored: problem.rounding, countsNoise: options.metric != .motherLoRA)
    return options.metric.isPublished
      ? try Lineage(published: source, problem, alongside: observing)
      : try Lineage(likeliest: source, problem, alongside: observing)
  }
}
