import Testing
import TestSeed
import Watching

struct HTTPRequestTests {
  private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8)) }

  @Test func aRequestIsReadWhenItsHeadIsWhole() {
    let text = "GET /status.json?now=1 HTTP/1.1\r\nHost: head:8080 \r\nAccept: */*\r\n\r\n"
    #expect(read(text) == .complete(HTTPRequest(method: .get, path: "/status.json", host: "head:8080")))
    for length in 0..<text.utf8.count {
      #expect(HTTPRequest.read(Array(text.utf8.prefix(length))) == .incomplete, "\(length)")
    }
    #expect(read("HEAD / HTTP/1.0\n\n") == .complete(HTTPRequest(method: .head, path: "/", host: nil)))
  }

  @Test(arguments: [
    ("POST / HTTP/1.1\r\n\r\n", HTTPReply.Status.methodNotAllowed), ("get / HTTP/1.1\r\n\r\n", .methodNotAllowed),
    ("GET / HTTP/2.0\r\n\r\n", .versionNotSupported), ("GET /\r\n\r\n", .badRequest), ("\r\n\r\n", .badRequest),
    ("GET  / HTTP/1.1\r\n\r\n", .badRequest), ("GET http://x/ HTTP/1.1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .badRequest), ("GET /\u{1} HTTP/1.1\r\n\r\n", .badRequest),
    ("\u{16}\u{3}\u{1}\n", .badRequest),
  ])
  func othersAreRefused(_ text: String, _ status: HTTPReply.Status) {
    #expect(read(text) == .refused(status))
  }

  @Test func headsWithoutEndAreCutOff() {
    let long = String(repeating: "a", count: HTTPRequest.largestHead)
    #expect(read(long) == .refused(.headTooLarge))
    #expect(read("GET / HTTP/1.1\r\nX: \(long)\r\n\r\n") == .refused(.headTooLarge))
  }

  @Test func randomBytesNeverBecomeMoreThanARefusal() {
    var random = Seeded.fresh()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
        Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : Array("GET / HTTP/1.1\r\n".utf8).randomElement(using: &random) ?? 0
      }
      if case .complete(let request) = HTTPRequest.read(bytes) { #expect(request.path.hasPrefix("/")) }
    }
  }

  @Test func namesOfOtherSitesAreNotOurs() {
    for name in ["localhost:8080", "LOCALHOST", "127.0.0.1:80", "[::1]:8080", "10.1.2.3:8080"] {
      #expect(StatusRoutes.isOwnName(name), "\(name)")
    }
    for name in ["evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "", "1.2.3", "1.2.3.400"] {
      #expect(!StatusRoutes.isOwnName(name), "\(name)")
    }
  }
}
