internal import Graph

/// A part of the network that two models of different families have in common: one of them took it from the other, or
/// both from a third.
package struct SharedComponent: Sendable, Equatable {
  /// The model that it was taken from, as far as the collection tells.
  package var source: Int
  package var target: Int
  /// What it is called in the target: a part of tensor names, such as `vision_tower` or `self_attn.o_proj`.
  package var name: String
  /// How many weights it has.
  package var weights: Int
  /// Do relatives tell which of the two had it first?
  package var isOrderKnown: Bool

  /// Of the edge that says so, and of its direction.
  package var support: Double { isOrderKnown ? Grade.leastFirmSupport : 0.5 }

  package init(source: Int, target: Int, name: String, weights: Int, isOrderKnown: Bool) {
    self.source = source
    self.target = target
    self.name = name
    self.weights = weights
    self.isOrderKnown = isOrderKnown
  }

  /// Parts of names that say nothing of what is inside.
  private static let containers: Set<String> = ["model", "layers", "layer", "blocks", "h"]

  /// What some tensors have in common: the beginning of their names, else the place within their layers, else the module
  /// there.
  package static func name(of tensors: [String]) -> String {
    let parts = tensors.map { name in
      var words = name.split(separator: ".").map(String.init)
      if words.count > 1, ["weight", "bias"].contains(words.last) { words.removeLast() }
      return words
    }
    guard var common = parts.first else { return "" }
    for words in parts { common = zip(common, words).prefix { $0 == $1 }.map(\.0) }
    while let last = common.last, containers.contains(last) { common.removeLast() }
    if !common.isEmpty { return common.joined(separator: ".") }
    // Within layers: what follows the first number.
    let inside = parts.map { words in
      Array(words.drop { Int($0) == nil }.drop { Int($0) != nil })
    }
    guard var within = inside.first, !within.isEmpty else { return "\(tensors.count) tensors" }
    for words in inside { within = zip(within, words).prefix { $0 == $1 }.map(\.0) }
    return within.isEmpty ? "\(tensors.count) tensors" : within.joined(separator: ".")
  }
}
