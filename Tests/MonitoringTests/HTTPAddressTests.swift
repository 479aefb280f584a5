import Core
import Monitoring
import System
import Testing

struct HTTPAddressTests {
  @Test(arguments: [
    ("8080", "127.0.0.1:8080"), ("0", "127.0.0.1:0"), ("127.0.0.1:8080", "127.0.0.1:8080"),
    ("0.0.0.0:80", "0.0.0.0:80"), ("[::1]:8080", "[::1]:8080"), ("[::]:65535", "[::]:65535"),
    ("head:8080", "head:8080"),
  ])
  func isRead(_ text: String, _ meaning: String) throws {
    #expect(try HTTPAddress(text).description == meaning)
  }

  @Test(arguments: [
    "", ":8080", "65536", "-1", "80a", "٨٠", "http://127.0.0.1:8080", "::1:8080", "[::1]", "[::1", "[]:8080", "head:",
    "8080 ", "head:80:80",
  ])
  func whatIsNoneIsRefusedWithAdvice(_ text: String) throws {
    let failure = try #require(#expect(throws: Failure.self) { try HTTPAddress(text) })
    #expect(failure.kind == .usage && failure.message.hasPrefix("'\(text)' ") && failure.advice.contains("8080"))
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false), ("::", false),
    ("127.0.0.1.example.org", false), ("10.0.0.1", false),
  ])
  func whatIsThisMachineAloneIsKnown(_ host: String, _ isLocal: Bool) {
    #expect(HTTPAddress(host: host, port: 1).isLocal == isLocal)
  }
}
