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

  /// Of the library that is linked, as `4.3.4`.
  public static var libraryVersion: String {
    var (major, minor, patch) = (Int32(0), Int32(0), Int32(0))
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}

enum ZeroMQ {
  static func failure(_ what: String) -> Failure {
    let code = czmq_errno()
    return Failure(.unclassified, "\(what): \(String(cString: zmq_strerror(code)))")
  }
}
