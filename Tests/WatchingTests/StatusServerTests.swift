import Core
import Foundation
import Testing
import TestSupport
import Watching

/// The server as other people's clients see it, over real sockets.
struct StatusServerTests {
  private struct Answers: Decodable {
    struct Answer: Decodable {
      var status: Int
      var headers: [String: String]
      var body: String
    }

    var answers: [String: Answer]
  }

  private struct Crowd: Decodable {
    /// Statuses of honest clients.
    var statuses: [Int]
    var slowest: Double
  }

  private struct Misdeed: Decodable {
    /// First line of what came back; empty when nothing did.
    var answer: String
    /// Until the server closed the connection.
    var seconds: Double
  }

  private func server(_ status: PoolStatus? = Sample.busy(), _ limits: StatusServer.Limits = .init()) throws
    -> (StatusServer, StatusBoard)
  {
    let board = StatusBoard()
    if let status { board.post(status) }
    return (try StatusServer(address: HTTPAddress(port: 0), board: board, limits: limits), board)
  }

  private func ask(_ server: StatusServer, _ action: String, _ more: String...) throws -> Data {
    try Oracle.text("http_clients.py", ["\(server.address.port)", action] + more)
  }

  private func asked(_ server: StatusServer) throws -> [String: Answers.Answer] {
    try JSONDecoder().decode(Answers.self, from: try ask(server, "routes")).answers
  }

  @Test func everyRouteAnswersAndNothingElseDoes() throws {
    let (server, _) = try server()
    let answers = try asked(server)
    #expect(answers["GET /"]?.body.contains("<!DOCTYPE html>") == true)
    #expect(answers["GET /healthz"]?.body == "ok\n")
    let json = Data(try #require(answers["GET /status.json"]).body.utf8)
    #expect(try StatusJSON.decode(json, from: "/status.json") == Sample.busy())
    #expect(answers["GET /metrics"]?.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(answers["GET /metrics"]?.body.contains("modeltree_shards{job=\"llama-family\"} 1840\n") == true)
    for (name, status) in [
      ("GET /", 200), ("GET /live.js", 200), ("GET /live.css", 200), ("GET /metrics", 200), ("HEAD /status.json", 200),
      ("GET /nothing", 404), ("GET /../etc/passwd", 404), ("POST /status.json", 405), ("PUT /", 405), ("DELETE /", 405),
      ("OPTIONS *", 400),
    ] {
      let answer = try #require(answers[name], "\(name)")
      #expect(answer.status == status, "\(name)")
      #expect(answer.headers["x-content-type-options"] == "nosniff", "\(name)")
      let policy = answer.headers["content-security-policy"] ?? ""
      #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"), "\(name)")
    }
    let head = try #require(answers["HEAD /status.json"])
    #expect(head.body.isEmpty && head.headers["content-length"] == "\(json.count)")
    #expect(answers["POST /status.json"]?.headers["allow"] == "GET, HEAD")
  }

  @Test func beforeTheFirstStatusTheServerSaysSo() throws {
    let (server, _) = try server(nil)
    let answers = try asked(server)
    #expect(answers["GET /status.json"]?.status == 503)
    #expect(answers["GET /healthz"]?.status == 200)
    #expect(answers["GET /metrics"]?.body.contains("modeltree_loop_age_seconds") == true)
  }

  @Test func aLaterStatusIsServedAtOnce() throws {
    let (server, board) = try server()
    _ = try asked(server)
    var later = Sample.busy(share: 0.9)
    later.updated += 1
    board.post(later)
    let body = try #require(try asked(server)["GET /status.json"]).body
    #expect(try StatusJSON.decode(Data(body.utf8), from: "/status.json") == later)
  }

  @Test func pagesFromElsewhereThatPointTheirNameHereAreTurnedAway() throws {
    let (server, _) = try server()
    let answer = try JSONDecoder().decode(Misdeed.self, from: try ask(server, "host", "evil.example"))
    #expect(answer.answer.contains(" 421 "))
  }

  @Test func twoHundredAtOnceAreAllAnswered() throws {
    let (server, _) = try server(Sample.busy(workers: 1000, jobs: 100))
    let crowd = try JSONDecoder().decode(Crowd.self, from: try ask(server, "crowd", "200"))
    #expect(crowd.statuses == Array(repeating: 200, count: 200))
    #expect(crowd.slowest < 20)
  }

  @Test(arguments: [
    ("silent", ""), ("half", "HTTP/1.1 408 "), ("garbage", "HTTP/1.1 431 "), ("tls", "HTTP/1.1 "),
    // It sends on after its answer, and the system may throw that away with the connection.
    ("endless", nil),
  ])
  func badClientsAreCutOffSoon(_ misdeed: String, _ answer: String?) throws {
    var limits = StatusServer.Limits()
    limits.reading = .milliseconds(500)
    let (server, _) = try server(Sample.busy(), limits)
    let found = try JSONDecoder().decode(Misdeed.self, from: try ask(server, misdeed))
    if let answer { #expect(found.answer.hasPrefix(answer) && found.answer.isEmpty == answer.isEmpty, "\(found.answer)") }
    #expect(found.seconds < 5)
  }

  @Test func clientsThatDoNotReadAreCutOff() throws {
    var limits = StatusServer.Limits()
    limits.writing = .milliseconds(500)
    // More than the system keeps for a connection.
    let (server, _) = try server(Sample.busy(workers: 20_000), limits)
    let found = try JSONDecoder().decode(Misdeed.self, from: try ask(server, "deaf"))
    #expect(found.seconds < 5)
    #expect(try asked(server)["GET /healthz"]?.status == 200)
  }

  @Test func amongManyWhoSayNothingAnHonestClientIsHeard() throws {
    var limits = StatusServer.Limits()
    limits.clients = 20
    limits.reading = .seconds(60)
    let (server, _) = try server(Sample.busy(), limits)
    let crowd = try JSONDecoder().decode(Crowd.self, from: try ask(server, "besieged", "100"))
    #expect(crowd.statuses == [200])
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let (server, _) = try server()
    let failure = try #require(
      #expect(throws: Failure.self) { try StatusServer(address: server.address, board: StatusBoard()) })
    #expect(failure.kind == .usage && failure.message.contains("\(server.address)") && failure.advice.contains("--http"))
    #expect(throws: Failure.self) {
      try StatusServer(address: HTTPAddress(host: "192.0.2.1", port: 0), board: StatusBoard())
    }
    #expect(throws: Failure.self) {
      try StatusServer(address: HTTPAddress(host: "no such host", port: 0), board: StatusBoard())
    }
  }

  @Test func stoppingFreesThePortWhoeverIsConnected() throws {
    let (server, _) = try server()
    let client = try HeldConnection(port: server.address.port)
    _ = try asked(server)
    server.stop()
    server.stop()
    #expect(client.isClosed)
    let again = try StatusServer(address: server.address, board: StatusBoard())
    #expect(again.address == server.address)
  }

  @Test func aLoopThatDoesNotTurnIsUnhealthy() {
    // The board's clock cannot be set; the rule is what counts.
    #expect(StatusRoutes.patience == .seconds(30))
    let (fresh, hung) = (StatusRoutes.health(.seconds(29)), StatusRoutes.health(.seconds(31)))
    #expect(fresh.status == .ok && hung.status == .unavailable)
    #expect(String(decoding: hung.body, as: UTF8.self).contains("31 s"))
  }
}
