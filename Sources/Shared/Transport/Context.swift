internal import CZeroMQ
internal import Core
package import System

/// A ZeroMQ context. Sockets keep a reference to it, because it must outlive them: terminating it waits for every
/// socket.
package final class Context: @unchecked Sendable {
  // The pointer never changes, and libzmq allows contexts to be used by several threads.
  let pointer: UnsafeMutableRawPointer

  package init() throws(Failure) {
    guard let pointer = zmq_ctx_new() else { throw ZeroMQ.failure("cannot start ZeroMQ") }
    self.pointer = pointer
  }

  deinit { zmq_ctx_term(pointer) }

  /// Version of the linked library, such as `4.3.4`.
  package static var libraryVersion: String {
    var (major, minor, patch) = (Int32(0), Int32(0), Int32(0))
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
}

/// Calls that all sockets share.
enum ZeroMQ {
  static func failure(_ what: String) -> Failure {
    let code = czmq_errno()
    return Failure(.unclassified, "\(what): \(String(cString: zmq_strerror(code)))")
  }

  @discardableResult
  static func send(_ socket: UnsafeMutableRawPointer, _ frames: [[UInt8]]) -> Bool {
    for (index, frame) in frames.enumerated() {
      let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
      while zmq_send(socket, frame, frame.count, flags) < 0 {
        guard czmq_errno() == EINTR else { return false }
      }
    }
    return true
  }

  static func receive(_ socket: UnsafeMutableRawPointer, frameLimit: Int) -> Socket.Message? {
    var frames: [[UInt8]] = []
    var key: PublicKey?
    var address: String?
    while true {
      var message = zmq_msg_t()
      zmq_msg_init(&message)
      defer { zmq_msg_close(&message) }
      guard zmq_msg_recv(&message, socket, frames.isEmpty ? ZMQ_DONTWAIT : 0) >= 0 else {
        if czmq_errno() == EINTR { continue }
        return nil
      }
      if frames.count <= frameLimit {
        let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
        frames.append(Array(bytes))
      }
      // libzmq makes the identity frame locally, so it has no properties of the connection.
      if key == nil, let user = zmq_msg_gets(&message, "User-Id") {
        key = PublicKey(text: String(cString: user))
      }
      if address == nil, let peer = zmq_msg_gets(&message, "Peer-Address") {
        address = String(cString: peer)
      }
      if zmq_msg_more(&message) == 0 { return Socket.Message(frames: frames, key: key, address: address) }
    }
  }
}
