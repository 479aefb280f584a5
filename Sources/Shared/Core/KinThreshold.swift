/// From when on two networks, or parts of them, are taken for relatives: the same whichever weights say so.
package enum KinThreshold {
  /// Cosine of corresponding weights.
  package static let cosine = 0.2
  /// Probability of what they have in common, had they been initialized independently. Fixed, so that other models change
  /// nothing: in a million pairs of strangers, one in a thousand collections has a false pair.
  package static let probability = 1e-9
}
