public import Core
internal import Foundation
internal import Glibc
internal import Synchronization

/// Serves a board by HTTP: `/` for people, `/status.json`, `/metrics`, `/healthz`.
///
/// One thread of its own, which waits for all clients together and computes for none of them longer
/// than a status takes to encode; a run that keeps every processor busy does not silence it. It is no
/// general web server, and that is the point: what it reads of a stranger is bounded (8 KiB, some
/// seconds, so many clients), which FlyingFox (0.27) does not promise.
public final class StatusServer: Sendable {
  public struct Limits: Sendable {
    /// Clients at a time; more wait in the system's queue.
    public var clients = 256
    /// For a client to say what it wants.
    public var reading = Duration.seconds(5)
    /// For a client to take its answer.
    public var writing = Duration.seconds(20)
    var draining = Duration.seconds(1)
    /// When there is no room, whoever has said nothing for so long makes some.
    var hesitation = Duration.milliseconds(500)

    public init() {}
  }

  /// As it can be reached, with the real port.
  public let address: HTTPAddress
  /// Written to when the thread is to end.
  private let stopping: Int32
  private let ended = DispatchSemaphore(value: 0)
  private let isStopped = Atomic<Bool>(false)

  /// For people, to be opened.
  public var url: String {
    let host = address.host == "0.0.0.0" || address.host == "::" ? ProcessInfo.processInfo.hostName : address.host
    return "http://\(HTTPAddress(host: host, port: address.port))/"
  }

  /// Listens and serves from now on.
  ///
  /// - Throws: `Failure` (usage): no such address here, or the port is taken.
  public init(address: HTTPAddress, board: StatusBoard, limits: Limits = Limits()) throws(Failure) {
    let listener = try Listener(address)
    self.address = listener.address
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      listener.end()
      throw Failure(.unclassified, "cannot serve the status: \(String(cString: strerror(errno)))")
    }
    for end in ends { Descriptor.makePolite(end) }
    let told = ends[0]
    stopping = ends[1]
    let thread = Thread { [ended] in
      ServingLoop(listener: listener, stopping: told, board: board, limits: limits).run()
      ended.signal()
    }
    thread.name = "status server"
    thread.start()
  }

  deinit {
    stop()
    close(stopping)
  }

  /// Closes every connection; returns when that is done.
  public func stop() {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    var word: UInt8 = 1
    _ = write(stopping, &word, 1)
    ended.wait()
  }
}
