/// The first line of a request and the one header that counts: this server reads nothing else.
package struct HTTPRequest: Equatable {
  package enum Method: String {
    case get = "GET"
    case head = "HEAD"
  }

  package var method: Method
  /// Without its query.
  package var path: String
  /// As the client named this server; nil from HTTP/1.0.
  package var host: String?

  package init(method: Method, path: String, host: String?) {
    self.method = method
    self.path = path
    self.host = host
  }

  /// What became of the bytes that have come so far.
  package enum Reading: Equatable {
    case incomplete
    case complete(HTTPRequest)
    case refused(HTTPReply.Status)
  }

  /// No honest head is longer; browsers send some hundred bytes.
  package static let largestHead = 8192

  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = headEnd(bytes) else {
      // A head in another language (TLS, say) is refused by its first line.
      if let line = bytes.firstIndex(of: newline), first(bytes[..<line]) == nil { return .refused(.badRequest) }
      return bytes.count < largestHead ? .incomplete : .refused(.headTooLarge)
    }
    guard end <= largestHead else { return .refused(.headTooLarge) }
    let lines = bytes[..<end].split(separator: newline, omittingEmptySubsequences: false)
    guard let line = lines.first, let words = first(line) else { return .refused(.badRequest) }
    guard words.version == "HTTP/1.1" || words.version == "HTTP/1.0" else { return .refused(.versionNotSupported) }
    guard let method = Method(rawValue: words.method) else { return .refused(.methodNotAllowed) }
    var host: String?
    for line in lines.dropFirst() {
      let text = String(decoding: line, as: UTF8.self)
      guard let colon = text.firstIndex(of: ":"), text[..<colon].lowercased() == "host" else { continue }
      // Two of them would let two readers see different requests.
      guard host == nil else { return .refused(.badRequest) }
      host = text[text.index(after: colon)...].trimmed
    }
    let path = words.target.prefix { $0 != "?" && $0 != "#" }
    return .complete(HTTPRequest(method: method, path: String(path), host: host))
  }

  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Where the empty line is that ends a head.
  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    var lineStart = 0
    while let line = bytes[lineStart...].firstIndex(of: newline) {
      let length = line - lineStart
      if lineStart > 0, length == 0 || length == 1 && bytes[lineStart] == carriageReturn { return lineStart }
      lineStart = line + 1
    }
    return nil
  }

  private static func first(_ line: ArraySlice<UInt8>) -> (method: String, target: String, version: String)? {
    guard line.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == carriageReturn }) else { return nil }
    let words = String(decoding: line, as: UTF8.self).trimmed.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[1].hasPrefix("/"), words[2].hasPrefix("HTTP/"), !words[0].isEmpty else { return nil }
    return (String(words[0]), String(words[1]), String(words[2]))
  }
}

extension StringProtocol {
  fileprivate var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }
    guard let start = firstIndex(where: { !isSpace($0) }), let end = lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(self[start...end])
  }
}
