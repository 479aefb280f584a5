internal import CZeroMQ
internal import Core
internal import Synchronization
package import System

/// A ROUTER or DEALER socket. Create, use and destroy it on one thread.
package final class Socket {
  package enum Role: Sendable {
    /// The coordinator's end: the first frame is the sender's identity.
    case router
    /// A worker's end.
    case dealer
  }

  /// A received message.
  package struct Message: Sendable {
    package var frames: [[UInt8]]
    /// The public key whose secret the sender proved to have; nil on a socket without keys.
    package var key: PublicKey?
    /// Where the connection comes from, as the system and not the peer says it: an IP address; nil or empty for a
    /// connection inside this machine that has none.
    package var address: String?
  }

  let pointer: UnsafeMutableRawPointer
  private let context: Context

  /// Messages of one peer that may wait on the coordinator's side, in either direction. The network holds back the
  /// rest, which slows a flood to the speed of reading; a peer that does not read counts as gone.
  private static let queueLimit: Int32 = 2048
  private static let inboxLimit: Int32 = 64

  /// - Parameters:
  ///   - role: which side it is on.
  ///   - context: that it belongs to.
  ///   - largestFrame: in bytes; libzmq disconnects a peer that sends a longer frame.
  ///   - security: which keys it uses, if any.
  package init(_ role: Role, in context: Context, largestFrame: Int, security: Security = .open)
    throws(Failure)
  {
    guard let pointer = zmq_socket(context.pointer, role == .router ? ZMQ_ROUTER : ZMQ_DEALER) else {
      throw ZeroMQ.failure("cannot make a socket")
    }
    self.pointer = pointer
    self.context = context
    set(ZMQ_LINGER, Int32(2000))
    set(ZMQ_MAXMSGSIZE, Int64(largestFrame))
    switch role {
    case .router:
      set(ZMQ_ROUTER_MANDATORY, Int32(1))
      set(ZMQ_SNDHWM, Self.queueLimit)
      set(ZMQ_RCVHWM, Self.inboxLimit)
    case .dealer:
      // Credit bounds the number of answers in transit, and none may be dropped.
      set(ZMQ_SNDHWM, Int32(0))
      set(ZMQ_RCVHWM, Int32(0))
    }
    set(ZMQ_RECONNECT_IVL, Int32(200))
    set(ZMQ_RECONNECT_IVL_MAX, Int32(5000))
    set(ZMQ_HEARTBEAT_IVL, Int32(5000))
    set(ZMQ_HEARTBEAT_TIMEOUT, Int32(30000))
    try secure(security)
  }

  deinit { zmq_close(pointer) }

  private func secure(_ security: Security) throws(Failure) {
    let isSet: Bool
    switch security {
    case .open: return
    case .coordinator(let keys):
      isSet =
        set(ZMQ_CURVE_SERVER, Int32(1)) && set(ZMQ_CURVE_SECRETKEY, keys.pair.secretKey.bytes)
        && set(ZMQ_ZAP_DOMAIN, Array(Gatekeeper.domain.utf8))
    case .worker(let keys):
      isSet =
        set(ZMQ_CURVE_SERVERKEY, keys.coordinator.bytes)
        && set(ZMQ_CURVE_PUBLICKEY, keys.pair.publicKey.bytes)
        && set(ZMQ_CURVE_SECRETKEY, keys.pair.secretKey.bytes)
    }
    // Continuing without it would let everybody in.
    guard isSet else { throw ZeroMQ.failure("cannot use the keys") }
  }

  private static let monitors = Atomic<Int>(0)

  /// Starts to monitor the socket's connections.
  package func monitor() throws(Failure) -> SocketMonitor {
    let number = Self.monitors.add(1, ordering: .relaxed).newValue
    return try SocketMonitor(of: pointer, in: context, name: "\(number)")
  }

  /// - Returns: the endpoint as bound; a wildcard port is filled in.
  package func bind(_ endpoint: String) throws(Failure) -> String {
    // With IPv6 enabled, even IPv4 addresses would be shown in IPv6 notation.
    if endpoint.contains("[") { set(ZMQ_IPV6, Int32(1)) }
    guard zmq_bind(pointer, endpoint) == 0 else {
      let reason = String(cString: zmq_strerror(czmq_errno()))
      throw .usage(
        "cannot listen on '\(endpoint.printable)': \(reason)",
        advice: "name an address of this machine and a free port, as tcp://127.0.0.1:5555")
    }
    var text = [CChar](repeating: 0, count: 1024)
    var length = text.count
    guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else { return endpoint }
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package func connect(_ endpoint: String) throws(Failure) {
    set(ZMQ_IPV6, Int32(1))
    guard zmq_connect(pointer, endpoint) == 0 else {
      let reason = String(cString: zmq_strerror(czmq_errno()))
      throw .usage(
        "cannot connect to '\(endpoint.printable)': \(reason)",
        advice: "give the coordinator's endpoint, as tcp://HOST:5555")
    }
  }

  /// Sends a message.
  ///
  /// - Returns: false when the peer is gone (a ROUTER knows) or does not read its messages.
  @discardableResult
  package func send(_ frames: [[UInt8]]) -> Bool { ZeroMQ.send(pointer, frames) }

  /// - Returns: the next message, or nil when none is waiting. At most `frameLimit` frames are kept:
  ///   a message with more is returned cut, one frame longer than the limit.
  package func receive(frameLimit: Int) -> Message? { ZeroMQ.receive(pointer, frameLimit: frameLimit) }

  @discardableResult
  private func set<T: BitwiseCopyable>(_ option: Int32, _ value: T) -> Bool {
    withUnsafeBytes(of: value) { zmq_setsockopt(pointer, option, $0.baseAddress, $0.count) == 0 }
  }

  private func set(_ option: Int32, _ value: [UInt8]) -> Bool {
    zmq_setsockopt(pointer, option, value, value.count) == 0
  }
}
