internal import Core
internal import System

/// A model as others can be searched against it without its weights: at most 256 KiB, whatever its size.
///
/// A function of the model's own files: not of other models, of the order in which tensors are read or of the number of
/// threads. Only band energies are computed in an order that depends on the processor, and are rounded.
package struct ModelFingerprint: Sendable, Equatable {
  /// Of the encoded fingerprint.
  package static let mostBytes = 256 << 10

  package var facts: FingerprintFacts
  /// Those that matter most come first.
  package var tensors: [FingerprintTensor]
  /// Hashes of tensors' values, ascending, each with the number of weights: of many tensors those with the least
  /// hashes.
  package var contents: [Content]

  package struct Content: Sendable, Hashable {
    /// First half of the hash.
    package var hash: UInt64
    package var weights: Int

    package init(hash: UInt64, weights: Int) {
      self.hash = hash
      self.weights = weights
    }
  }

  package static let mostContents = 512

  package init(facts: FingerprintFacts, tensors: [FingerprintTensor], contents: [Content]) {
    self.facts = facts
    self.tensors = tensors
    self.contents = contents
  }

  /// Identifies the weights in 64 hexadecimal digits: equal for models with the same values in the same kinds of
  /// tensors, whatever their format and whoever made the fingerprint.
  package var identity: String { facts.content }

  /// Rows of the largest table of tokens; 0 without one.
  package var tokens: Int { tensors.filter { $0.part == .tokens }.map(\.shape.rows).max() ?? 0 }

  /// Tensors that can be compared with another model's.
  package var comparable: Int { tensors.count { $0.moments.notFinite == 0 && $0.moments.m2 > 0 } }
}
