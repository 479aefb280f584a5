import Core
import Foundation
import Monitoring
import System
import TestSupport
import Testing

/// The page that follows a run, in a real browser.
@Suite(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
struct LivePageTests {
  private struct Seen: Decodable {
    /// In the document, per update.
    var changes: Double
    /// That the document has.
    var elements: Int
  }

  private func open(_ status: PoolStatus, _ kind: String) throws -> Seen {
    let board = StatusBoard()
    board.post(status)
    let server = try StatusServer(address: HTTPAddress(port: 0), board: board)
    var arguments = [server.url, kind]
    // `MODELTREE_PICTURES=docs/pictures swift test ... --filter LivePage` makes the documentation's pictures.
    if let folder = ProcessInfo.processInfo.environment["MODELTREE_PICTURES"] { arguments += [folder, "live-\(kind)"] }
    return try JSONDecoder().decode(Seen.self, from: try Oracle.text("live.py", arguments))
  }

  @Test func showsWhatTheStatusSays() throws {
    _ = try open(Sample.busy(), "still")
  }

  /// What an update costs: elements that are drawn, and changes to them.
  @Test func aThousandWorkersAndAHundredJobsCostNoMoreThanIsShown() throws {
    let seen = try open(Sample.busy(workers: 1000, jobs: 100), "large")
    #expect(seen.elements < 5000 && seen.changes < 500, "\(seen)")
  }

  @Test func namesAreDataAndNeverMarkup() throws {
    _ = try open(Sample.hostile, "hostile")
  }

  @Test func followsTheRunToItsEnd() throws {
    let board = StatusBoard()
    board.post(Sample.busy(share: 0.2))
    let server = try StatusServer(address: HTTPAddress(port: 0), board: board)
    let page = try Oracle.start("live.py", [server.url, "moving"])
    // A step whenever somebody has asked again.
    for share in [0.4, 0.7, 1] {
      let asked = try server.census.admitted
      #expect(try eventually { try server.census.admitted > asked || !page.isRunning })
      var status = Sample.busy(share: share)
      status.updated += share * 100
      if share == 1 { status.state = .finished }
      board.post(status)
    }
    #expect(page.wait() == 0, "\(page.stderr)")
  }
}
