internal import Core
internal import Scheduling
internal import System
internal import Transport
internal import Wire

/// Who is at the other end of the socket: workers that said hello, strangers, and those thrown out.
struct Peers {
  typealias Identity = [UInt8]

  struct Peer {
    let identity: Identity
    let id: WorkerID
    let hello: WorkerMessage.Hello
    let key: PublicKey?

    /// Host and process.
    var label: String { "\(hello.host.prefix(100).printable):\(hello.process)" }
  }

  private struct Acquaintance {
    var budget: MessageRateLimiter
    var isBanned = false
    /// When it was last asked who it is.
    var asked: Duration?
  }

  private var acquaintances: [Identity: Acquaintance] = [:]
  private var workers: [Identity: Peer] = [:]
  private var identities: [WorkerID: Identity] = [:]
  private var nextWorker = 1

  /// Connections come and go, and nobody says when one is gone for good.
  private static let remembered = 20_000

  /// Workers at a time.
  static let most = 10_000

  var all: [Peer] { workers.values.sorted { $0.id < $1.id } }
  var count: Int { workers.count }

  subscript(identity: Identity) -> Peer? { workers[identity] }

  subscript(id: WorkerID) -> Peer? { identities[id].flatMap { workers[$0] } }

  func isBanned(_ identity: Identity) -> Bool { acquaintances[identity]?.isBanned ?? false }

  /// Counts a message.
  ///
  /// - Returns: false when the sender says too much.
  mutating func hears(_ identity: Identity, at now: Duration) -> Bool {
    if acquaintances[identity] == nil, acquaintances.count >= Self.remembered {
      acquaintances = acquaintances.filter { workers[$0.key] != nil }
    }
    return acquaintances[identity, default: Acquaintance(budget: MessageRateLimiter(at: now))].budget.spend(at: now)
  }

  /// A stranger whose messages come in a heap is asked once who it is, not once per message.
  mutating func mayAsk(_ identity: Identity, at now: Duration) -> Bool {
    if let asked = acquaintances[identity]?.asked, now - asked < .seconds(2) { return false }
    acquaintances[identity]?.asked = now
    return true
  }

  /// The peer sent something of use.
  mutating func values(_ identity: Identity) { acquaintances[identity]?.budget.earn(4) }

  /// Listens to nothing that the peer says from now on.
  mutating func ban(_ identity: Identity, at now: Duration) {
    acquaintances[identity, default: Acquaintance(budget: MessageRateLimiter(at: now))].isBanned = true
  }

  mutating func add(_ hello: WorkerMessage.Hello, identity: Identity, key: PublicKey?) -> Peer {
    let peer = Peer(identity: identity, id: WorkerID(nextWorker), hello: hello, key: key)
    nextWorker += 1
    workers[identity] = peer
    identities[peer.id] = identity
    return peer
  }

  mutating func remove(_ id: WorkerID) {
    if let identity = identities.removeValue(forKey: id) { workers[identity] = nil }
  }
}
