internal import Core
package import Scheduling
internal import System
package import Transport
package import Wire

/// Who is at the other end of the socket: workers that said hello, strangers, and those thrown out.
package struct Peers {
  package typealias Identity = [UInt8]

  package struct Peer {
    package let identity: Identity
    package let id: WorkerID
    package let hello: WorkerMessage.Hello
    package let key: PublicKey?
    /// Nil for one of the coordinator's own workers.
    package let party: Party?

    /// Host and process.
    package var label: String { "\(hello.host.prefix(100).printable):\(hello.process)" }
  }

  private struct Acquaintance {
    /// Messages that it may still send: growing with time and with every answer that was of use.
    var budget: TokenBucket
    var isBanned = false
    /// When it was last asked who it is.
    var asked: Duration?
  }

  private var acquaintances: [Identity: Acquaintance] = [:]
  private var workers: [Identity: Peer] = [:]
  private var identities: [WorkerID: Identity] = [:]
  private var parties: [Party: Int] = [:]
  private var nextWorker = 1

  /// Connections come and go, and nobody says when one is gone for good.
  private static let remembered = 20_000

  /// An honest worker says two things per shard and one a second, and never comes near the limit.
  private static let messagesAtOnce = 1000.0
  private static let messagesPerSecond = 100.0

  private static func stranger(at now: Duration) -> Acquaintance {
    Acquaintance(budget: TokenBucket(perSecond: messagesPerSecond, burst: messagesAtOnce, at: now))
  }

  /// Workers at a time.
  package static let most = 10_000
  /// Of these, with one key or from one address.
  package static let mostOfParty = 2000

  package init() {}

  package var all: [Peer] { workers.values.sorted { $0.id < $1.id } }
  package var count: Int { workers.count }

  package func count(of party: Party) -> Int { parties[party] ?? 0 }

  package subscript(identity: Identity) -> Peer? { workers[identity] }

  package subscript(id: WorkerID) -> Peer? { identities[id].flatMap { workers[$0] } }

  package func isBanned(_ identity: Identity) -> Bool { acquaintances[identity]?.isBanned ?? false }

  /// Counts a message.
  ///
  /// - Returns: false when the sender says too much.
  package mutating func hears(_ identity: Identity, at now: Duration) -> Bool {
    if acquaintances[identity] == nil, acquaintances.count >= Self.remembered {
      acquaintances = acquaintances.filter { workers[$0.key] != nil }
    }
    return acquaintances[identity, default: Self.stranger(at: now)].budget.takes(1, at: now)
  }

  /// A stranger whose messages come in a heap is asked once who it is, not once per message.
  package mutating func mayAsk(_ identity: Identity, at now: Duration) -> Bool {
    if let asked = acquaintances[identity]?.asked, now - asked < .seconds(2) { return false }
    acquaintances[identity]?.asked = now
    return true
  }

  /// The peer sent something of use.
  package mutating func values(_ identity: Identity) { acquaintances[identity]?.budget.add(4) }

  /// Listens to nothing that the peer says from now on.
  package mutating func ban(_ identity: Identity, at now: Duration) {
    acquaintances[identity, default: Self.stranger(at: now)].isBanned = true
  }

  package mutating func add(_ hello: WorkerMessage.Hello, identity: Identity, key: PublicKey?, party: Party?) -> Peer {
    let peer = Peer(identity: identity, id: WorkerID(nextWorker), hello: hello, key: key, party: party)
    nextWorker += 1
    if let former = workers[identity] { remove(former.id) }
    workers[identity] = peer
    if let party { parties[party, default: 0] += 1 }
    identities[peer.id] = identity
    return peer
  }

  package mutating func remove(_ id: WorkerID) {
    guard let identity = identities.removeValue(forKey: id), let gone = workers.removeValue(forKey: identity),
      let party = gone.party
    else { return }
    let left = (parties[party] ?? 1) - 1
    parties[party] = left > 0 ? left : nil
  }
}
