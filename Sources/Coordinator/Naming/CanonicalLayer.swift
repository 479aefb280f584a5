/// A layer as models of one kind share it, whatever its number is in each of them.
package struct CanonicalLayer: Sendable, Hashable, CustomStringConvertible {
  /// Its number in the model that names the layers.
  package var number: Int
  /// 0 for the layer itself, 1 and so on for layers that repeat it in the same model.
  package var copy: Int
  /// The layer has no counterpart in the model that names the layers; `number` is the one that it has in the model
  /// where it was found first.
  package var isUnmatched: Bool

  package init(_ number: Int, copy: Int = 0, isUnmatched: Bool = false) {
    self.number = number
    self.copy = copy
    self.isUnmatched = isUnmatched
  }

  package var isRepeated: Bool { copy > 0 }

  /// For messages; nothing parses it.
  package var description: String { "\(number)\(isUnmatched ? "'" : "")\(copy > 0 ? "+\(copy)" : "")" }
}
