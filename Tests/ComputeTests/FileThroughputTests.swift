import Compute
import Synchronization
import Testing
import Wire

/// The slowest files, in a time of our own.
struct FileThroughputTests {
  private final class Time: Sendable {
    private let present = Mutex(Duration.zero)
    var now: Duration { present.withLock { $0 } }
    func pass(_ seconds: Double) { present.withLock { $0 += .seconds(seconds) } }
  }

  private let time = Time()
  private let paces: FileThroughput

  init() {
    paces = FileThroughput { [time] in time.now }
  }

  private func read(_ file: String, megabytes: Int, seconds: Double) {
    let entry = paces.entry(for: file)
    let start = entry.begin()
    time.pass(seconds)
    entry.end(start, bytes: megabytes * 1_000_000)
  }

  @Test func theSlowestComeFirstAndLittleReadsDoNotCount() {
    for file in 1...10 { read("f\(file)", megabytes: 10, seconds: Double(11 - file)) }
    read("f10", megabytes: 10, seconds: 40)
    read("little", megabytes: 3, seconds: 1000)
    let slowest = paces.slowest()
    #expect(slowest.map(\.file) == ["f10", "f1", "f2", "f3", "f4", "f5", "f6", "f7"])
    #expect(slowest[0] == .init(file: "f10", bytes: 20_000_000, seconds: 41))
    #expect(slowest[1] == .init(file: "f1", bytes: 10_000_000, seconds: 10))
    #expect(paces.slowest(3).count == 3)
  }

  @Test func aReadThatIsStuckIsToldBeforeItEnds() {
    read("quick", megabytes: 100, seconds: 1)
    let entry = paces.entry(for: "stuck")
    let first = entry.begin()
    time.pass(5)
    #expect(paces.slowest().map(\.file) == ["quick"])
    let second = entry.begin()
    time.pass(1)
    #expect(paces.slowest().first == .init(file: "stuck", bytes: 0, seconds: 6))
    time.pass(5)
    #expect(paces.slowest().first == .init(file: "stuck", bytes: 0, seconds: 11 + 6))
    entry.end(first, bytes: 0)
    entry.end(second, bytes: 5_000_000)
    time.pass(100)
    #expect(paces.slowest().first == .init(file: "stuck", bytes: 5_000_000, seconds: 17))
  }

  @Test func whatIsNoReadCountsOnlyWhileItLasts() {
    let entry = paces.entry(for: "a")
    let opening = entry.begin()
    time.pass(60)
    #expect(paces.slowest() == [.init(file: "a", bytes: 0, seconds: 60)])
    entry.end(opening, bytes: nil)
    #expect(paces.slowest() == [])
    read("a", megabytes: 4, seconds: 1)
    #expect(paces.slowest() == [.init(file: "a", bytes: 4_000_000, seconds: 1)])
  }

  @Test func theTableStaysSmallAndKeepsTheSlowest() {
    read("slow", megabytes: 10, seconds: 100)
    let stuck = paces.entry(for: "stuck").begin()
    for file in 0..<3 * FileThroughput.limit { read("f\(file)", megabytes: 10, seconds: 0.01) }
    #expect(paces.slowest(2).map(\.file) == ["stuck", "slow"])
    #expect(paces.count <= FileThroughput.limit)
    paces.entry(for: "stuck").end(stuck, bytes: 0)
  }

  /// However long the names are and however they are escaped.
  @Test func aReportFitsItsMessage() {
    for number in 0..<20 {
      read(String(repeating: "\u{1}", count: 1000 + 100 * number), megabytes: 10, seconds: Double(1 + number))
    }
    let slowest = paces.slowest()
    #expect(!slowest.isEmpty)
    let message = WorkerMessage.heartbeat(.init(bytesRead: 1, residentBytes: 1, slowest: slowest))
    #expect(message.encoded().count <= WireProtocol.largestReportBytes)
  }
}
