internal import System
internal import Yams

/// YAML whose author is not trusted: what a document takes to read is bounded by its length.
///
/// An alias repeats the node that it names, so ten lines of nine aliases each would stand for billions of nodes. Yams
/// shares such nodes while it composes a document and multiplies them only when it makes values; what the document
/// would grow to is therefore counted in between. Before that only the keys of mappings are walked through, so aliases
/// in keys are refused. libyaml itself refuses nesting deeper than 1,000 levels.
package enum BoundedYAML {
  /// Why a text was refused.
  package enum Problem: Error, Sendable, CustomStringConvertible {
    case tooLong(bytes: Int)
    case aliasInKey
    case tooManyNodes
    case keyThatIsNoText
    /// Not YAML; the parser's words.
    case invalid(String)

    package var description: String {
      switch self {
      case .tooLong(let bytes):
        "it has \(ByteCount(bytes: bytes)), expected at most \(ByteCount(bytes: BoundedYAML.mostBytes))"
      case .aliasInKey: "it may use an alias (*name) within a key, expected aliases in values only"
      case .tooManyNodes:
        "its aliases stand for more than \(BoundedYAML.mostNodes) entries, expected a document that says what it means"
      case .keyThatIsNoText: "it has a key that is a list or a mapping, expected texts and numbers as keys"
      case .invalid(let reason): reason
      }
    }
  }

  package static let mostBytes = 4 << 20
  package static let mostNodes = 1_000_000

  /// The values of a document: `[String: Any]`, `[Any]`, `String`, numbers, dates, `NSNull`; nil where it is empty.
  package static func load(_ text: String) throws(Problem) -> Any? {
    guard text.utf8.count <= mostBytes else { throw .tooLong(bytes: text.utf8.count) }
    guard !mayHaveAliasInKey(text) else { throw .aliasInKey }
    do {
      guard let root = try Yams.compose(yaml: text) else { return nil }
      guard try size(of: root) <= mostNodes else { throw Problem.tooManyNodes }
      return root.any
    } catch let problem as Problem {
      throw problem
    } catch {
      throw .invalid("\(error)".printable)
    }
  }

  /// Nodes of the document with every alias written out; stops counting beyond `mostNodes`.
  ///
  /// - Throws: `Problem` where a key is a list or a mapping: Yams traps when it makes a value of it.
  private static func size(of root: Node) throws(Problem) -> Int {
    var open = [root]
    var count = 0
    while let node = open.popLast(), count <= mostNodes {
      count += 1
      switch node {
      case .mapping(let mapping):
        for (key, value) in mapping {
          guard case .scalar = key else { throw .keyThatIsNoText }
          open += [key, value]
        }
      case .sequence(let sequence): open += Array(sequence)
      default: break
      }
      // What waits will be counted; a list that is too long needs no walk.
      if open.count > mostNodes { return mostNodes + 1 }
    }
    return count
  }

  /// Does the text hold anchors and aliases, and anything that could be an alias inside of a key? Errs towards yes,
  /// and only texts with an ampersand and a star ever come so far.
  private static func mayHaveAliasInKey(_ text: String) -> Bool {
    guard text.utf8.contains(UInt8(ascii: "&")), text.utf8.contains(UInt8(ascii: "*")) else { return false }
    let bytes = Array(text.utf8)
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }
    func isName(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    /// Is the next that is not a space, from a place on, the colon behind a key?
    func isBeforeColon(_ start: Int) -> Bool {
      bytes[start...].first { !isSpace($0) } == UInt8(ascii: ":")
    }
    for (place, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "*"):
        let end = bytes[(place + 1)...].firstIndex { !isName($0) } ?? bytes.count
        if end > place + 1, isBeforeColon(end) { return true }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if isBeforeColon(place + 1) { return true }
      case UInt8(ascii: "?"):
        let isToken = place == 0 || isSpace(bytes[place - 1]) || [0x2c, 0x5b, 0x7b].contains(bytes[place - 1])
        if isToken, place + 1 == bytes.count || isSpace(bytes[place + 1]) { return true }
      default: break
      }
    }
    return false
  }
}
