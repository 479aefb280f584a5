/// What training did to the models of a collection, and with it the sign of the directional score.
package enum Stage: String, Sendable, CaseIterable, Codable {
  /// Direction by energy: an update is nearly orthogonal to the weights, so the sum of squares
  /// grows from parent to child, once the shrinkage by weight decay is corrected for.
  case auto
  /// Fine-tuning: kurtosis falls from parent to child (paper, section 4).
  case specialization
  /// Pre-training: kurtosis rises from parent to child.
  case generalization
}
