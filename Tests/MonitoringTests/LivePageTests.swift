import Core
import Foundation
import Monitoring
import Synchronization
import System
import TestSupport
import Testing

/// The page that follows a run, in a real browser.
@Suite(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
struct LivePageTests {
  private struct Seen: Decodable {
    /// Of an update.
    var milliseconds: Double
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

  @Test func aThousandWorkersAndAHundredJobsAreDrawnInTime() throws {
    let seen = try open(Sample.busy(workers: 1000, jobs: 100), "large")
    #expect(seen.milliseconds < 50)
  }

  @Test func namesAreDataAndNeverMarkup() throws {
    _ = try open(Sample.hostile, "hostile")
  }

  @Test func followsTheRunToItsEnd() throws {
    let board = StatusBoard()
    let isOver = Mutex(false)
    let steps = Thread {
      var share = 0.2
      while !isOver.withLock({ $0 }) {
        var status = Sample.busy(share: min(1, share))
        status.updated += share * 100
        if share >= 1 { status.state = .finished }
        board.post(status)
        share += 0.1
        Thread.sleep(forTimeInterval: 0.3)
      }
    }
    board.post(Sample.busy(share: 0.2))
    steps.start()
    defer { isOver.withLock { $0 = true } }
    let server = try StatusServer(address: HTTPAddress(port: 0), board: board)
    _ = try Oracle.text("live.py", [server.url, "moving"])
  }
}
