import Core
import Foundation
import Monitoring
import NIOCore
import NIOHTTP1
import System
import TestSeed
import TestSupport
import Testing

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
    /// Statuses of honest clients; 0 for an answer that is not complete.
    var statuses: [Int]
    /// Statuses of those others that were answered.
    var others: [Int]
  }

  private struct Misdeed: Decodable {
    /// First line of what came back; empty when nothing did.
    var answer: String
  }

  /// A server for which time stands still, unless the test lets it pass.
  private func server(_ status: PoolStatus? = Sample.busy(), _ limits: StatusServer.Limits = .init()) throws
    -> (StatusServer, StatusBoard)
  {
    let board = StatusBoard()
    if let status { board.post(status) }
    let address = HTTPAddress(port: 0)
    return (try StatusServer(address: address, board: board, limits: limits, isTicking: false), board)
  }

  /// Clients that have sent all that they send before they wait.
  private func clients(of server: StatusServer, _ action: String, _ more: String...) throws -> Running {
    let clients = try Oracle.start("http_clients.py", ["\(server.address.port)", action] + more)
    try #require(clients.waitForError("sent\n"), "\(clients.stderr)")
    return clients
  }

  private func found<Found: Decodable>(by clients: Running, _: Found.Type = Found.self) throws -> Found {
    try #require(clients.wait() == 0, "\(clients.stderr)")
    return try JSONDecoder().decode(Found.self, from: Data(clients.stdout.utf8))
  }

  private static let tick = Duration.milliseconds(100)

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
      #expect(
        policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"), "\(name)")
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
    let crowd = try found(by: try clients(of: server, "crowd", "200"), Crowd.self)
    #expect(crowd.statuses == Array(repeating: 200, count: 200))
  }

  /// The server's own lateness is not its clients' fault, whether they are within its limit or beyond.
  @Test(arguments: [256, 20])
  func requestsThatCameWhileTheServerDidNotRunAreAllAnswered(_ limit: Int) throws {
    var limits = StatusServer.Limits()
    limits.clients = limit
    let (server, _) = try server(Sample.busy(), limits)
    var crowd: Running?
    try server.whileBusy(for: .seconds(3600)) { crowd = try clients(of: server, "crowd", "200") }
    try server.pause(of: .seconds(3600))
    #expect(try found(by: try #require(crowd), Crowd.self).statuses == Array(repeating: 200, count: 200))
    #expect(try server.census.elapsed <= Self.tick * 2)
  }

  /// Half a request before the server stopped, the other half meanwhile.
  @Test func aPauseOfTheServerDoesNotAgeWhoIsConnected() throws {
    let (server, _) = try server()
    let client = try clients(of: server, "half")
    #expect(try eventually { try server.census.reading == 1 })
    for _ in 0..<10 { try server.pause(of: .seconds(3600)) }
    #expect(try server.census.reading == 1)
    try server.advance(by: StatusServer.Limits().reading)
    #expect(try found(by: client, Misdeed.self).answer.hasPrefix("HTTP/1.1 408 "))
  }

  @Test func timePassesByItself() throws {
    let board = StatusBoard()
    var limits = StatusServer.Limits()
    limits.reading = Self.tick
    let server = try StatusServer(address: HTTPAddress(port: 0), board: board, limits: limits)
    let found = try JSONDecoder().decode(Misdeed.self, from: try ask(server, "silent"))
    #expect(found.answer.hasPrefix("HTTP/1.1 408 "))
  }

  @Test(arguments: ["silent", "half", "blank", "trickle"])
  func slowClientsAreCutOffWithAWordWhenTheirTimeIsUp(_ misdeed: String) throws {
    let (server, _) = try server()
    let client = try clients(of: server, misdeed)
    #expect(try eventually { try server.census.reading == 1 })
    try server.advance(by: StatusServer.Limits().reading - Self.tick)
    #expect(try server.census.reading == 1)
    try server.advance(by: Self.tick)
    #expect(try server.census.reading == 0)
    let answer = try found(by: client, Misdeed.self).answer
    #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
  }

  @Test(arguments: [
    ("garbage", "HTTP/1.1 400 "), ("tls", "HTTP/1.1 400 "), ("line", "HTTP/1.1 431 "),
    ("headers", "HTTP/1.1 431 "),
    // These send on after their answer, and the system may throw that away with the connection.
    ("endless", nil), ("blanks", nil), ("emptylines", nil),
  ])
  func whoSaysTooMuchIsCutOffBeforeAnyTimeHasPassed(_ misdeed: String, _ answer: String?) throws {
    let (server, _) = try server()
    let found = try JSONDecoder().decode(Misdeed.self, from: try ask(server, misdeed))
    if let answer { #expect(found.answer.hasPrefix(answer), "\(found.answer)") }
  }

  @Test func whatIsNoRequestIsRefused() throws {
    let (server, _) = try server()
    let long = String(repeating: "a", count: 8193)
    let cases = [
      ("GET /healthz HTTP/1.1\r\nHost: localhost:8080 \r\nAccept: */*\r\n\r\n", 200),
      ("HEAD / HTTP/1.0\r\n\r\n", 200), ("POST / HTTP/1.1\r\n\r\n", 405),
      ("get / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505),
      ("GET /\r\n\r\n", 505), ("GET http://x/ HTTP/1.1\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
      ("GET /\u{1} HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\n", 400),
      ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nX: \(long)\r\n\r\n", 431), ("GET /\(long) HTTP/1.1\r\n\r\n", 431), (long, 400),
      // One answer alone, whatever comes behind the request.
      ("GET /healthz HTTP/1.1\r\n\r\nGET / HTTP/9.9\r\n\r\n", 200),
      ("PUT / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\nab", 405),
    ]
    let hex = cases.map { text, _ in text.utf8.map { String(format: "%02x", $0) }.joined() }
    let printed = try Oracle.text("http_clients.py", ["\(server.address.port)", "raw"] + hex)
    let lines = try JSONDecoder().decode([String].self, from: printed)
    for ((text, status), line) in zip(cases, lines) {
      #expect(line.hasPrefix("HTTP/1.1 \(status) "), "\(text.prefix(60)): \(line)")
    }
    #expect(lines.count == cases.count)
  }

  @Test func aRequestMayComeByteByByte() throws {
    let (server, _) = try server()
    let found = try JSONDecoder().decode(Misdeed.self, from: try ask(server, "bytewise"))
    #expect(found.answer == "HTTP/1.1 200 OK")
  }

  @Test func randomBytesBecomeNoMoreThanARefusal() throws {
    let (server, _) = try server()
    let printed = try ask(server, "random", "\(Seeded.fresh().seed)", "500")
    let lines = try JSONDecoder().decode([String].self, from: printed)
    #expect(lines.count == 500)
    for line in lines {
      #expect(line.wholeMatch(of: /HTTP\/1\.1 (400|404|405|421|431|505) .+/) != nil, "\(line)")
    }
    #expect(try asked(server)["GET /healthz"]?.status == 200)
  }

  @Test func whoHasAskedMayCloseItsSide() throws {
    let (server, _) = try server(Sample.busy(workers: 20_000))
    let found = try JSONDecoder().decode([Int].self, from: try ask(server, "halfclosed"))
    #expect(found[0] > 1_000_000 && found[1] == found[0])
  }

  @Test func clientsThatDoNotReadAreCutOffWhenTheirTimeIsUp() throws {
    // More than the system keeps for a connection.
    let (server, _) = try server(Sample.busy(workers: 20_000))
    let deaf = try clients(of: server, "deaf")
    #expect(try eventually { try server.census.writing == 1 })
    try server.advance(by: StatusServer.Limits().writing - Self.tick)
    #expect(try server.census.writing == 1)
    try server.advance(by: Self.tick)
    #expect(try eventually { try server.census.writing == 0 })
    #expect(try asked(server)["GET /healthz"]?.status == 200)
    deaf.end()
  }

  @Test func amongManyWhoSayNothingAnHonestClientIsHeard() throws {
    var limits = StatusServer.Limits()
    limits.clients = 20
    let (server, _) = try server(Sample.busy(), limits)
    let clients = try clients(of: server, "besieged", "100")
    // As many as there is room for are let in each time that those inside have hesitated.
    for round in 1...5 {
      #expect(try eventually { try server.census.admitted == 20 * round })
      try server.advance(by: limits.hesitation)
    }
    let crowd = try found(by: clients, Crowd.self)
    #expect(crowd.statuses == [200])
    #expect(crowd.others.count >= 81 && crowd.others.allSatisfy { $0 == 503 }, "\(crowd.others)")
    #expect(limits.hesitation * 5 < limits.reading)
  }

  @Test func noMoreClientsAreTakenThanAllowed() throws {
    var limits = StatusServer.Limits()
    limits.clients = 2
    let (server, _) = try server(Sample.busy(workers: 20_000), limits)
    // Those who have asked are not turned away for others, until they have taken too long.
    let clients = try clients(of: server, "queued", "2")
    #expect(try eventually { try server.census.writing == 2 })
    try server.advance(by: limits.writing - Self.tick)
    #expect(try server.census.admitted == 3 && clients.isRunning, "the first, and two that take nothing")
    try server.advance(by: Self.tick)
    #expect(try found(by: clients, Crowd.self).statuses == [200])
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let (server, _) = try server()
    let failure = try #require(
      #expect(throws: Failure.self) { try StatusServer(address: server.address, board: StatusBoard()) })
    #expect(
      failure.kind == .usage && failure.message.contains("\(server.address)") && failure.advice.contains("--http"))
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
    #expect(fresh.status == .ok && hung.status == .serviceUnavailable)
    #expect(String(buffer: hung.body).contains("31 s"))
  }
}
