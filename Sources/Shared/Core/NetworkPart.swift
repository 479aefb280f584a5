/// Where in its network a tensor is, whatever its shape.
package enum NetworkPart: Sendable, Hashable, CaseIterable {
  /// Inside the network.
  case body
  /// A table with one row per token.
  case tokens
  /// A table with one row per position, type or image patch.
  case table
  /// The output: language-model head, classifier, pooler.
  case head
  /// Numbers that nobody trains: bases of transforms, rotary frequencies, position numbers, masks.
  case constant
}
