/// An answer, and the bytes that say it.
package struct HTTPReply: Equatable {
  package enum Status: Int, Sendable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case timeout = 408
    case misdirected = 421
    case headTooLarge = 431
    case unavailable = 503
    case versionNotSupported = 505

    var reason: String {
      switch self {
      case .ok: "OK"
      case .badRequest: "Bad Request"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .timeout: "Request Timeout"
      case .misdirected: "Misdirected Request"
      case .headTooLarge: "Request Header Fields Too Large"
      case .unavailable: "Service Unavailable"
      case .versionNotSupported: "HTTP Version Not Supported"
      }
    }
  }

  enum Kind: String {
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case json = "application/json"
    case text = "text/plain; charset=utf-8"
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
  }

  package var status: Status
  var kind: Kind
  package var body: [UInt8]

  init(_ kind: Kind, _ body: String, status: Status = .ok) { self.init(kind, Array(body.utf8), status: status) }

  init(_ kind: Kind, _ body: [UInt8], status: Status = .ok) {
    self.status = status
    self.kind = kind
    self.body = body
  }

  /// A refusal in a sentence.
  init(_ status: Status, _ sentence: String? = nil) {
    self.init(.text, "\(sentence ?? status.reason.lowercased())\n", status: status)
  }

  /// The page loads its own style and script from here, and nothing from anywhere else; what names
  /// of models could smuggle in is not run.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  /// - Parameter withBody: false as the answer to HEAD.
  func bytes(withBody: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
    head += "Content-Type: \(kind.rawValue)\r\nContent-Length: \(body.count)\r\n"
    if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
    head += "Cache-Control: no-store\r\nConnection: close\r\n"
    head += "Content-Security-Policy: \(Self.policy)\r\nX-Content-Type-Options: nosniff\r\n"
    head += "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\r\n"
    return Array(head.utf8) + (withBody ? body : [])
  }
}
