internal import Core
internal import NIOCore
package import NIOHTTP1

/// Maps requests to replies. Lives on the server's thread.
package struct StatusRoutes {
  let board: StatusBoard
  /// Whether only this machine can reach the server.
  let isLocal: Bool

  /// A loop that has not turned for this long hangs.
  package static let patience = Duration.seconds(30)

  /// Texts are made once per status, however many clients ask.
  private var json = Made()
  private var metrics = Made()

  private struct Made {
    var status: PoolStatus?
    var age = -1
    var body = ByteBuffer()
  }

  package init(_ board: StatusBoard, isLocal: Bool) {
    self.board = board
    self.isLocal = isLocal
  }

  package mutating func reply(to request: HTTPRequestHead) -> HTTPReply {
    let hosts = request.headers[canonicalForm: "host"]
    // Two of them would let two readers see different requests.
    guard request.uri.hasPrefix("/"), hosts.count <= 1 else { return HTTPReply(.badRequest) }
    guard request.method == .GET || request.method == .HEAD else { return HTTPReply(.methodNotAllowed) }
    // A web site can let its own name point at this machine and read the status through the user's browser
    // (DNS rebinding), but it cannot hide that name.
    guard !isLocal || hosts.allSatisfy(Self.isOwnName) else {
      return HTTPReply(
        .misdirectedRequest,
        "only this machine may see this status: open it as http://localhost or http://127.0.0.1 and its port")
    }
    switch request.uri.prefix(while: { $0 != "?" && $0 != "#" }) {
    case "/": return HTTPReply(.html, ByteBuffer(bytes: LivePage.html))
    case "/live.css": return HTTPReply(.css, ByteBuffer(bytes: LivePage.style))
    case "/live.js": return HTTPReply(.script, ByteBuffer(bytes: LivePage.script))
    case "/status.json":
      guard let status = board.status else { return HTTPReply(.serviceUnavailable, "there is no status yet") }
      if json.status != status { json = Made(status: status, body: ByteBuffer(string: StatusJSON.encode(status))) }
      return HTTPReply(.json, json.body)
    case "/metrics":
      let (status, age) = (board.status, Int(board.sinceTurn / .seconds(1)))
      if metrics.age != age || metrics.status != status {
        metrics = Made(status: status, age: age, body: ByteBuffer(string: Metrics.render(status, loopAge: Double(age))))
      }
      return HTTPReply(.metrics, metrics.body)
    case "/healthz":
      // The loop begins when there are shards; until then nothing has to turn.
      return Self.health(board.status == nil ? .zero : board.sinceTurn)
    default:
      return HTTPReply(.notFound, "there are /, /status.json, /metrics and /healthz")
    }
  }

  /// - Parameter age: time since the coordinator's loop last turned.
  package static func health(_ age: Duration) -> HTTPReply {
    guard age < patience else {
      return HTTPReply(.serviceUnavailable, "the coordinator's loop has not turned for \(Int(age / .seconds(1))) s")
    }
    return HTTPReply(.text, ByteBuffer(string: "ok\n"))
  }

  /// `localhost` or an address by its numbers, with any port.
  package static func isOwnName(_ host: some StringProtocol) -> Bool {
    var name = Substring(host)
    if name.hasPrefix("[") { return true }
    if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
    if name.lowercased() == "localhost" { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}
