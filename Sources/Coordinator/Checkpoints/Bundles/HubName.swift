/// A path that is none, but names a model of the Hugging Face Hub: `org/name`, or its address.
package struct HubName: Sendable, Equatable {
  /// `org/name`
  package let id: String

  /// - Parameter text: as it was typed.
  /// - Returns: nil for what cannot be such a name.
  package init?(_ text: String) {
    var rest = text[...]
    var isAddress = false
    for start in ["https://", "http://", "hf://"] where rest.hasPrefix(start) {
      rest = rest.dropFirst(start.count)
      isAddress = true
    }
    for host in ["huggingface.co/", "www.huggingface.co/", "hf.co/"] where rest.hasPrefix(host) {
      rest = rest.dropFirst(host.count)
      isAddress = true
    }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    // What follows org/name in an address are pages of the model.
    guard isAddress ? parts.count >= 2 : parts.count == 2, parts.prefix(2).allSatisfy(Self.isName) else { return nil }
    id = parts.prefix(2).joined(separator: "/")
  }

  package var advice: String {
    "models are read from disk; download it first: hf download \(id) --local-dir \(id.split(separator: "/").last ?? "")"
  }

  /// Letters, digits, `-`, `_` and `.`, as the hub has them; no hidden or parent folder.
  private static func isName(_ part: Substring) -> Bool {
    !part.isEmpty && part.utf8.count <= 96 && part.first != "." && part.first != "~"
      && part.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
      }
  }
}
