package import NIOCore
package import NIOHTTP1

/// The status, kind and body of an answer.
package struct HTTPReply {
  enum Kind: String {
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case json = "application/json"
    case text = "text/plain; charset=utf-8"
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
  }

  package var status: HTTPResponseStatus
  var kind: Kind
  package var body: ByteBuffer

  init(_ kind: Kind, _ body: ByteBuffer, status: HTTPResponseStatus = .ok) {
    self.status = status
    self.kind = kind
    self.body = body
  }

  /// A refusal, explained in a sentence.
  init(_ status: HTTPResponseStatus, _ sentence: String? = nil) {
    self.init(.text, ByteBuffer(string: "\(sentence ?? status.reasonPhrase.lowercased())\n"), status: status)
  }

  /// The page loads its style and script from here and nothing from anywhere else, so scripts that names of
  /// models might smuggle in never run.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  var head: HTTPResponseHead {
    var headers: HTTPHeaders = [
      "Content-Type": kind.rawValue, "Content-Length": "\(body.readableBytes)",
      "Cache-Control": "no-store", "Connection": "close",
      "Content-Security-Policy": Self.policy, "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
    ]
    if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
    // There is no status yet, or no room for another client: both pass within seconds.
    if status == .serviceUnavailable { headers.add(name: "Retry-After", value: "1") }
    return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
  }
}
