/// Translates paths of the coordinator into paths on this host.
///
/// Paths are compared byte by byte and by whole components: a rule for `/data` does not apply to `/database`. Where
/// several rules apply, the one with the longest left side wins.
package struct PathMap: Sendable {
  /// Files below `from` on the coordinator are below `to` on this host.
  package struct Rule: Sendable, Hashable, CustomStringConvertible {
    package let from: String
    package let to: String

    package var description: String { "\(from)=\(to)" }

    /// - Parameter text: `FROM=TO`, both absolute, separated by the first `=` that precedes a `/`.
    package init(_ text: String) throws(Failure) {
      let bytes = Array(text.utf8)
      let start = bytes.indices.dropFirst().first {
        bytes[$0 - 1] == UInt8(ascii: "=") && bytes[$0] == UInt8(ascii: "/")
      }
      guard let start, bytes.first == UInt8(ascii: "/") else {
        throw .usage(
          "--path-map '\(text.printable)' is not FROM=TO with two absolute paths",
          advice:
            "write for example /data=/mnt/data where files that the coordinator knows below /data lie below /mnt/data here"
        )
      }
      from = try Self.plain(bytes[..<(start - 1)], of: text)
      to = try Self.plain(bytes[start...], of: text)
    }

    /// Without repeated or trailing slashes.
    private static func plain(_ path: ArraySlice<UInt8>, of text: String) throws(Failure) -> String {
      let parts = path.split(separator: UInt8(ascii: "/"))
        .map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "." }
      guard !parts.contains("..") else {
        throw .usage(
          "--path-map '\(text.printable)' goes up by '..'", advice: "write the paths as the programs see them")
      }
      return "/" + parts.joined(separator: "/")
    }
  }

  /// The longest left side first.
  package let rules: [Rule]

  /// The identity: every file is where the coordinator says.
  package init() { rules = [] }

  /// - Parameter texts: rules as `FROM=TO`.
  /// - Throws: `Failure` for an invalid rule, or two rules that contradict each other.
  package init(_ texts: [String]) throws(Failure) {
    var rules: [Rule] = []
    for text in texts {
      let rule = try Rule(text)
      if let other = rules.first(where: { ByteString($0.from) == ByteString(rule.from) }) {
        guard ByteString(other.to) == ByteString(rule.to) else {
          throw .usage(
            "--path-map puts '\(rule.from.printable)' at '\(other.to.printable)' and at '\(rule.to.printable)'",
            advice: "leave one of them out")
        }
        continue
      }
      rules.append(rule)
    }
    self.rules = rules.sorted { $0.from.utf8.count > $1.from.utf8.count }
  }

  /// The path of a file on this host.
  package func local(_ path: String) -> String {
    for rule in rules {
      // When the rule is for the root, nothing precedes the slash that every path starts with.
      let from = rule.from == "/" ? "" : rule.from
      guard path.utf8.starts(with: from.utf8) else { continue }
      let rest = path.utf8.dropFirst(from.utf8.count)
      guard rest.isEmpty || rest.first == UInt8(ascii: "/") else { continue }
      let place = Array((rule.to == "/" ? "" : rule.to).utf8) + rest
      return place.isEmpty ? "/" : String(decoding: place, as: UTF8.self)
    }
    return path
  }
}
