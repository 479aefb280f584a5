package import Core

/// How models are measured and what their trees cost.
///
/// The stages of `LineageSolver` are the same for all methods; a method supplies what adds up while the tensors
/// are read, the events that it recognizes, and the cost of an edge.
package protocol LineageMethod: Sendable {
  associatedtype Totals: ComparisonTotals
  associatedtype Pairs: PairEvidence
  associatedtype Replicates: Resampler

  /// Sums of the first reading, still empty.
  ///
  /// - Parameter n: models of the collection.
  func makeTotals(models n: Int) -> Totals

  /// Sums of the second reading, still empty.
  ///
  /// - Parameters:
  ///   - totals: of the first reading.
  ///   - families: that these gave.
  ///   - tensors: how many will be added.
  func makePairs(_ totals: Totals, _ families: FamilyGroups, tensors: Int) -> Pairs

  /// What happened to models besides training, such as merges.
  ///
  /// - Parameters:
  ///   - totals: of the first reading.
  ///   - pairs: of the second.
  ///   - families: the models that are related.
  ///   - copies: models that are others in a coarser encoding.
  func events(
    _ totals: Totals, _ pairs: PairFindings<Pairs>, _ families: FamilyGroups, copies: Set<Int>
  ) -> Events

  /// The edges that a family's tree may have, and what each costs.
  ///
  /// - Parameters:
  ///   - number: of the family.
  ///   - families: all of them.
  ///   - pairs: of the second reading.
  ///   - events: what happened besides training.
  func graph(
    ofFamily number: Int, _ families: FamilyGroups, _ pairs: PairFindings<Pairs>, _ events: Events
  ) -> FamilyGraph

  /// What speaks for and against the parent that was found for each model: per model, nil where nothing is known.
  func parentTests(_ trees: FamilyTrees, _ pairs: PairFindings<Pairs>) -> [ParentTest?]

  /// Models of which several relatives explain much, without being known as merges.
  func suspects(_ trees: FamilyTrees, _ pairs: PairFindings<Pairs>, _ events: Events) -> Set<Int>

  /// Children that go on in the direction of their parent's own step.
  func continuedSteps(_ trees: FamilyTrees, _ totals: Totals, excluded: (Int) -> Bool) -> Set<Int>

  /// What another sample of tensors might have said of a family; nil when there is nothing to resample.
  func resampler(_ tree: FamilyTree, _ pairs: PairFindings<Pairs>, _ events: Events) -> Replicates?
}

/// What adds up over all tensors for all models and pairs: the first reading.
package protocol ComparisonTotals: Sendable {
  mutating func add(_ view: TensorView, _ scope: Scope)

  /// What a given number of families is clustered by: n x n, symmetric, zero diagonal; NaN for pairs that share
  /// nothing.
  var clusteringDistances: SquareMatrix { get }

  /// The directional score of each model.
  var scores: [Double] { get }
}

/// What adds up over all tensors for pairs within families: the second reading.
package protocol PairEvidence: Sendable {
  mutating func add(_ view: TensorView, _ scope: Scope)

  /// Called once, after the last tensor.
  mutating func complete()

  /// The distances of the result: n x n, symmetric, zero diagonal; NaN where there is none.
  var distances: SquareMatrix { get }

  /// n x n, antisymmetric: positive values speak for the row's model coming before the column's.
  var evidence: SquareMatrix { get }
}

extension PairEvidence {
  package mutating func complete() {}
}
