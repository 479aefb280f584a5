import Coordination
import Scheduling
import Testing
import Wire

/// Who is at the other end, and how much it may say.
@Suite struct PeersTests {
  private static func hello(_ process: Int) -> WorkerMessage.Hello {
    .init(host: "host", process: process, threads: 1, memoryBytes: 1, instructionSet: "test")
  }

  @Test func whoSaysTooMuchIsNoticedAndTimeForgives() {
    var peers = Peers()
    let heard = (0..<1100).count { _ in peers.hears([1], at: .seconds(1)) }
    #expect(heard == 1000)
    let isHeard1 = peers.hears([1], at: .seconds(1))
    #expect(!isHeard1)
    let isHeard2 = peers.hears([1], at: .seconds(2))
    #expect(isHeard2)
    let isHeard3 = peers.hears([2], at: .seconds(1))
    #expect(isHeard3, "another one is not blamed")
  }

  @Test func answersOfUseEarnMessages() {
    var peers = Peers()
    let heard = (0..<1000).count { _ in peers.hears([1], at: .zero) }
    #expect(heard == 1000)
    peers.values([1])
    let heardMore = (0..<10).count { _ in peers.hears([1], at: .zero) }
    #expect(heardMore == 4)
  }

  @Test func theBannedStayBanned() {
    var peers = Peers()
    _ = peers.add(Self.hello(1), identity: [1], key: nil, party: nil)
    peers.ban([1], at: .zero)
    #expect(peers.isBanned([1]) && !peers.isBanned([2]))
  }

  @Test func strangersAreAskedOnceInAWhile() {
    var peers = Peers()
    _ = peers.hears([1], at: .zero)
    let mayAsk1 = peers.mayAsk([1], at: .zero)
    #expect(mayAsk1)
    let mayAsk2 = peers.mayAsk([1], at: .seconds(1))
    #expect(!mayAsk2)
    let mayAsk3 = peers.mayAsk([1], at: .seconds(3))
    #expect(mayAsk3)
  }

  @Test func workersAreCountedByParty() {
    var peers = Peers()
    let party = Party("a key", isElsewhere: true)
    let first = peers.add(Self.hello(1), identity: [1], key: nil, party: party)
    let second = peers.add(Self.hello(2), identity: [2], key: nil, party: party)
    _ = peers.add(Self.hello(3), identity: [3], key: nil, party: nil)
    #expect(peers.count == 3 && peers.count(of: party) == 2)
    #expect(peers[first.id]?.label == "host:1" && peers[[2]]?.id == second.id)
    // Whoever says hello again is counted once.
    let again = peers.add(Self.hello(1), identity: [1], key: nil, party: party)
    #expect(peers.count == 3 && peers.count(of: party) == 2 && peers[first.id] == nil)
    peers.remove(again.id)
    peers.remove(again.id)
    #expect(peers.count(of: party) == 1 && peers.all.map(\.id).count == 2)
  }
}
