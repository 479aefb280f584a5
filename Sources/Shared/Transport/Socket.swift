internal import CZeroMQ
public import Core

/// A ROUTER or DEALER socket. Lives and dies on one thread.
public final class Socket {
  public enum Role: Sendable {
    /// The coordinator's end: frames carry the sender's identity first.
    case router
    /// A worker's end.
    case dealer
  }

  let pointer: UnsafeMutableRawPointer
  private let context: Context

  /// - Parameter largestFrame: bytes; a peer that sends a longer frame is cut off by libzmq.
  public init(_ role: Role, in context: Context, largestFrame: Int) throws(Failure) {
    guard let pointer = zmq_socket(context.pointer, role == .router ? ZMQ_ROUTER : ZMQ_DEALER) else {
      throw ZeroMQ.failure("cannot make a socket")
    }
    self.pointer = pointer
    self.context = context
    set(ZMQ_LINGER, Int32(2000))
    set(ZMQ_MAXMSGSIZE, Int64(largestFrame))
    // The protocol's credit bounds what is under way, so nothing may be dropped at a mark.
    set(ZMQ_SNDHWM, Int32(0))
    set(ZMQ_RCVHWM, Int32(0))
    if role == .router { set(ZMQ_ROUTER_MANDATORY, Int32(1)) }
    set(ZMQ_RECONNECT_IVL, Int32(200))
    set(ZMQ_RECONNECT_IVL_MAX, Int32(5000))
    set(ZMQ_HEARTBEAT_IVL, Int32(5000))
    set(ZMQ_HEARTBEAT_TIMEOUT, Int32(30000))
  }

  deinit { zmq_close(pointer) }

  /// - Returns: the endpoint as bound; a wildcard port is filled in.
  public func bind(_ endpoint: String) throws(Failure) -> String {
    // With IPv6 on, even IPv4 addresses would be shown in its notation.
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

  public func connect(_ endpoint: String) throws(Failure) {
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
  /// - Returns: false when the peer is gone (a ROUTER knows) or the queue cannot take it.
  @discardableResult
  public func send(_ frames: [[UInt8]]) -> Bool {
    for (index, frame) in frames.enumerated() {
      let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
      while zmq_send(pointer, frame, frame.count, flags) < 0 {
        guard czmq_errno() == EINTR else { return false }
      }
    }
    return true
  }

  /// - Returns: the next message's frames, or nil when none is waiting. At most `frameLimit` frames
  ///   are kept: a message with more is returned cut, one frame longer than the limit.
  public func receive(frameLimit: Int) -> [[UInt8]]? {
    var frames: [[UInt8]] = []
    while true {
      var message = zmq_msg_t()
      zmq_msg_init(&message)
      defer { zmq_msg_close(&message) }
      guard zmq_msg_recv(&message, pointer, frames.isEmpty ? ZMQ_DONTWAIT : 0) >= 0 else {
        if czmq_errno() == EINTR { continue }
        return nil
      }
      if frames.count <= frameLimit {
        let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
        frames.append(Array(bytes))
      }
      if zmq_msg_more(&message) == 0 { return frames }
    }
  }

  private func set<T>(_ option: Int32, _ value: T) {
    withUnsafeBytes(of: value) {
      _ = zmq_setsockopt(pointer, option, $0.baseAddress, $0.count)
    }
  }
}
