/// A regular expression of a configuration: literals, `.`, classes, groups, alternatives, `*`, `+`, `?`, `^` and `$`.
///
/// It comes from strangers: all possible states are followed at once, so that the time of a match is the product of the
/// two lengths at most. What it cannot read matches nothing.
package struct NamePattern {
  private indirect enum Node: Sendable {
    case empty
    case character(@Sendable (Character) -> Bool)
    case start, end
    case sequence(Node, Node)
    case either(Node, Node)
    /// Any number of times; at least once where `isNeeded`.
    case repeated(Node, isNeeded: Bool)
  }

  private static let longest = 512
  private static let deepest = 5

  private let root: Node

  package init?(_ text: String) {
    guard text.utf8.count <= Self.longest else { return nil }
    var rest = Array(text)[...]
    guard let node = Self.alternatives(&rest, 0), rest.isEmpty else { return nil }
    root = node
  }

  /// Does it match the whole text, or its end behind a dot, as PEFT asks?
  package func matches(_ text: String) -> Bool {
    let characters = Array(text)
    guard characters.count <= Self.longest else { return false }
    let starts = Set([0] + characters.indices.filter { characters[$0] == "." }.map { $0 + 1 })
    return step(root, starts, characters).contains(characters.count)
  }

  /// Where a match may end that begins at one of the places.
  private func step(_ node: Node, _ places: Set<Int>, _ text: [Character]) -> Set<Int> {
    switch node {
    case .empty: return places
    case .character(let fits): return Set(places.filter { $0 < text.count && fits(text[$0]) }.map { $0 + 1 })
    case .start: return places.intersection([0])
    case .end: return places.intersection([text.count])
    case .sequence(let first, let second): return step(second, step(first, places, text), text)
    case .either(let one, let other): return step(one, places, text).union(step(other, places, text))
    case .repeated(let body, let isNeeded):
      var reached = isNeeded ? [] : places
      var fresh = places
      while !fresh.isEmpty {
        fresh = step(body, fresh, text).subtracting(reached)
        reached.formUnion(fresh)
      }
      return reached
    }
  }

  private static func alternatives(_ rest: inout ArraySlice<Character>, _ depth: Int) -> Node? {
    guard depth < deepest, var node = sequence(&rest, depth) else { return nil }
    while rest.first == "|" {
      rest.removeFirst()
      guard let other = sequence(&rest, depth) else { return nil }
      node = .either(node, other)
    }
    return node
  }

  private static func sequence(_ rest: inout ArraySlice<Character>, _ depth: Int) -> Node? {
    var node = Node.empty
    while let next = rest.first, next != "|", next != ")" {
      guard var atom = atom(&rest, depth) else { return nil }
      while let sign = rest.first, "*+?".contains(sign) {
        rest.removeFirst()
        switch sign {
        case "*": atom = .repeated(atom, isNeeded: false)
        case "+": atom = .repeated(atom, isNeeded: true)
        default: atom = .either(atom, .empty)
        }
      }
      guard rest.first != "{" else { return nil }
      node = .sequence(node, atom)
    }
    return node
  }

  private static func atom(_ rest: inout ArraySlice<Character>, _ depth: Int) -> Node? {
    switch rest.removeFirst() {
    case "^": return .start
    case "$": return .end
    case ".": return .character { _ in true }
    case "(":
      if rest.starts(with: "?:") { rest.removeFirst(2) }
      guard rest.first != "?", let inner = alternatives(&rest, depth + 1), rest.first == ")" else { return nil }
      rest.removeFirst()
      return inner
    case "[": return set(&rest)
    case "\\": return rest.popFirst().flatMap(escaped)
    case let sign where "*+?{".contains(sign): return nil
    case let literal: return .character { $0 == literal }
    }
  }

  private static func escaped(_ letter: Character) -> Node? {
    switch letter {
    case "d": return .character(\.isWholeNumber)
    case "w": return .character { $0.isLetter || $0.isNumber || $0 == "_" }
    case let letter where letter.isLetter || letter.isNumber: return nil
    default: return .character { $0 == letter }
    }
  }

  private static func set(_ rest: inout ArraySlice<Character>) -> Node? {
    let isInverted = rest.first == "^"
    if isInverted { rest.removeFirst() }
    var ranges: [ClosedRange<Character>] = []
    while let first = rest.popFirst(), first != "]" {
      guard first != "\\" else { return nil }
      var last = first
      if rest.first == "-", let end = rest.dropFirst().first, end != "]" {
        rest.removeFirst(2)
        last = end
      }
      guard first <= last else { return nil }
      ranges.append(first...last)
      if rest.isEmpty { return nil }
    }
    let found = ranges
    return .character { letter in found.contains { $0.contains(letter) } != isInverted }
  }
}
