internal import CZeroMQ
internal import Glibc
internal import Synchronization

/// Passes values from any thread to the one thread that also waits on a socket.
package final class Mailbox<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  /// Readable while values are waiting.
  let descriptor: Int32

  package init() {
    descriptor = czmq_eventfd()
    precondition(descriptor >= 0, "the system has no eventfd left")
  }

  deinit { close(descriptor) }

  package func post(_ value: Value) {
    values.withLock { $0.append(value) }
    czmq_eventfd_signal(descriptor)
  }

  /// Removes all waiting values, oldest first.
  package func takeAll() -> [Value] {
    czmq_eventfd_clear(descriptor)
    return values.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}

extension Socket {
  /// Waits for a message, a value, or a request to the gatekeeper, but at most `milliseconds`.
  package func wait<Value>(or mailbox: Mailbox<Value>, gatekeeper: Gatekeeper? = nil, milliseconds: Int) {
    var items = [
      zmq_pollitem_t(socket: pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
      zmq_pollitem_t(socket: nil, fd: mailbox.descriptor, events: Int16(ZMQ_POLLIN), revents: 0),
    ]
    if let gatekeeper {
      items.append(
        zmq_pollitem_t(socket: gatekeeper.pointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
    }
    zmq_poll(&items, Int32(items.count), milliseconds)
  }
}
