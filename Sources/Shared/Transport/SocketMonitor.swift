internal import CZeroMQ
internal import Core
internal import System

/// Reports events of a socket's connections. Use it on the socket's thread.
package final class SocketMonitor {
  package enum Event: Sendable, Equatable {
    /// The peer does not accept the key.
    case keyRefused
    /// The peer speaks another protocol or no CURVE, or gave up during the handshake.
    case handshakeFailed
  }

  private let pointer: UnsafeMutableRawPointer
  private let context: Context

  init(of socket: UnsafeMutableRawPointer, in context: Context, name: String) throws(Failure) {
    let endpoint = "inproc://monitor-\(name)"
    let events =
      ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
      | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    guard
      zmq_socket_monitor(socket, endpoint, events) == 0,
      let pointer = zmq_socket(context.pointer, ZMQ_PAIR)
    else { throw ZeroMQ.failure("cannot watch a socket") }
    self.pointer = pointer
    self.context = context
    var linger: Int32 = 0
    zmq_setsockopt(pointer, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    guard zmq_connect(pointer, endpoint) == 0 else { throw ZeroMQ.failure("cannot watch a socket") }
  }

  deinit { zmq_close(pointer) }

  /// Everything since the last call, oldest first.
  package func events() -> [Event] {
    var events: [Event] = []
    while let frames = ZeroMQ.receive(pointer, frameLimit: 2)?.frames {
      guard let head = frames.first, head.count >= 2 else { continue }
      switch Int32(head[0]) | Int32(head[1]) << 8 {
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: events.append(.keyRefused)
      default: events.append(.handshakeFailed)
      }
    }
    return events
  }
}
