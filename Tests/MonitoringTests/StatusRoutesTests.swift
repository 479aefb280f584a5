import Monitoring
import NIOHTTP1
import Testing

struct StatusRoutesTests {
  private func status(
    _ method: HTTPMethod, _ uri: String, _ headers: HTTPHeaders = [:], isLocal: Bool = true
  ) -> UInt {
    var routes = StatusRoutes(StatusBoard(), isLocal: isLocal)
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
    return routes.reply(to: head).status.code
  }

  @Test func aRequestIsAPathAndAHost() {
    #expect(status(.GET, "/healthz") == 200 && status(.HEAD, "/healthz") == 200)
    #expect(status(.GET, "/healthz?now=1#then", ["Host": "localhost:8080 "]) == 200)
    for uri in ["/healthz/", "//healthz", "/HEALTHZ"] { #expect(status(.GET, uri) == 404, "\(uri)") }
    #expect(status(.POST, "/healthz") == 405 && status(.RAW(value: "get"), "/healthz") == 405)
    for uri in ["", "*", "healthz", "http://localhost/healthz"] {
      #expect(status(.GET, uri) == 400, "\(uri)")
    }
  }

  @Test func theHostIsOneAndOurs() {
    #expect(status(.GET, "/healthz", ["host": "evil.example"]) == 421)
    #expect(status(.GET, "/healthz", ["host": "evil.example"], isLocal: false) == 200)
    let twice: [HTTPHeaders] = [["Host": "localhost", "host": "localhost"], ["Host": "localhost, localhost"]]
    for headers in twice {
      #expect(status(.GET, "/healthz", headers) == 400)
      #expect(status(.GET, "/healthz", headers, isLocal: false) == 400)
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
