package import Core
package import System

/// Reads every tensor again and keeps what pairs within families need: exact distances, evidence of the order, and
/// what resampling starts from.
package struct PairPass<Method: LineageMethod>: Sendable {
  private let method: Method

  package init(_ method: Method) { self.method = method }

  /// - Throws: what the source throws.
  package func run(
    _ source: some TensorSource, _ totals: TensorTotals<Method.Totals>, _ families: FamilyGroups
  ) throws(Failure) -> PairFindings<Method.Pairs> {
    var pairs = method.makePairs(totals.comparison, families, tensors: source.roles.count)
    try source.eachTensor { tensor throws(Failure) in pairs.add(TensorView(tensor.finite), totals.scope) }
    pairs.complete()
    return PairFindings(pairs)
  }
}

/// What the second reading of the tensors says of pairs within families.
package struct PairFindings<Pairs: PairEvidence>: Sendable {
  package let pairs: Pairs
  /// n x n, symmetric, zero diagonal; NaN where there is none.
  package let distances: SquareMatrix
  /// n x n, antisymmetric: positive values speak for the row's model coming before the column's.
  package let evidence: SquareMatrix

  package init(_ pairs: Pairs) {
    self.pairs = pairs
    distances = pairs.distances
    evidence = pairs.evidence
  }
}
