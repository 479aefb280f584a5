internal import CZeroMQ
public import Core

/// A ZeroMQ context. Sockets hold a reference to it: terminating waits for every socket, so it must
/// outlive them.
public final class Context: @unchecked Sendable {
  // The pointer never changes, and libzmq allows contexts to be used by several threads.
  let pointer: UnsafeMutableRawPointer

  public init() throws(Failure) {
    guard let pointer = zmq_ctx_new() else { throw ZeroMQ.failure("cannot start ZeroMQ") }
    self.pointer = pointer
  }

  deinit { zmq_ctx_term(pointer) }
}

enum ZeroMQ {
  static func failure(_ what: String) -> Failure {
    let code = czmq_errno()
    return Failure(.unclassified, "\(what): \(String(cString: zmq_strerror(code)))")
  }
}
