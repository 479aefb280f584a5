package import Core
package import Graph

/// A solved recovery: all matrices, and the parent of every model. n is the number of models.
package struct Lineage: Sendable {
  /// n x n, symmetric, zero diagonal; NaN where two models share nothing.
  package internal(set) var distances: SquareMatrix
  /// n x n: |x - y|^2 / (|x|^2 + |y|^2) of the centered weights; see `Relatedness`.
  package let relatedness: SquareMatrix
  /// n x n: probability of what two models have in common if they were initialized independently; NaN on the diagonal
  /// and where two models share nothing.
  package let probability: SquareMatrix
  /// The directional score of each model; see `Direction`.
  package let scores: [Double]
  /// n x n, antisymmetric: positive values speak for i before j. Nats for the stage `auto`.
  package let evidence: SquareMatrix
  /// T of the paper, n x n of 0 and 1.
  package let direction: SquareMatrix
  /// M of the paper, n x n: what the search minimized; NaN between families.
  package let cost: SquareMatrix
  /// Family number per model, counted in order of first appearance.
  package internal(set) var families: [Int]
  /// Parent per model; nil for roots.
  package internal(set) var parents: [Int?]
  /// How each model came from its parent; nil for roots.
  package internal(set) var relations: [Relation?]
  /// Of low-rank updates: how the rank was found.
  package let rankEvidence: [RankEvidence?]
  /// Per model: what was undone to compare it with its parent.
  package let transforms: [[Transform]]
  /// Models that are combinations of others.
  package let merges: [Merge]
  /// The first of the models with the same weights; nil for all but the later ones.
  package let duplicateOf: [Int?]
  /// Per model: support of the edge to its parent, from 0 to 1; 1 for roots.
  package internal(set) var support: [Double]
  /// Per model: support of the direction of that edge, from 0 to 1; 1 for roots.
  package internal(set) var directionSupport: [Double]
  /// What the edge to a model's parent is worth as a whole, as `ModelGraph.Edge.certainty` says.
  package func certainty(of child: Int) -> Double {
    relations[child]?.isCopy == true ? support[child] : min(support[child], directionSupport[child])
  }

  /// Per model: the models that were its parent in some resampling, and the share of the resamplings, less the
  /// probability that the parent is absent.
  package let parentShares: [[Int: Double]]
  /// Per model: what speaks for and against its parent; nil for roots and where nothing is known.
  package let parentTests: [ParentTest?]
  /// Ancestors that are not in the collection.
  package let absentParents: [AbsentParent]
  /// Parts that models of different families have in common.
  package let components: [SharedComponent]
  /// What was found of each adapter, in the order of the models; empty where their changes were not read.
  package internal(set) var adapters: [AdapterVerdict] = []
  /// Tensors with weights that are not finite.
  package let unusable: UnusableWeights
}
