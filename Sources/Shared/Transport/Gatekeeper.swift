internal import CZeroMQ
internal import Core
package import System

/// Decides for libzmq which keys may connect (ZAP, rfc.zeromq.org/spec/27), for all sockets of a context. Create it
/// before the first socket is bound, and use it on the same thread.
package final class Gatekeeper {
  /// A peer that was refused.
  package struct Refusal: Sendable {
    package let address: String
    package let key: String
  }

  let pointer: UnsafeMutableRawPointer
  private let context: Context

  static let domain = "modeltree"

  package init(in context: Context) throws(Failure) {
    guard let pointer = zmq_socket(context.pointer, ZMQ_REP) else {
      throw ZeroMQ.failure("cannot make a socket")
    }
    self.pointer = pointer
    self.context = context
    var linger: Int32 = 0
    zmq_setsockopt(pointer, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    guard zmq_bind(pointer, "inproc://zeromq.zap.01") == 0 else {
      throw ZeroMQ.failure("cannot set up the check of keys")
    }
  }

  deinit { zmq_close(pointer) }

  /// Answers all pending requests.
  ///
  /// - Parameter isAllowed: called for each key.
  /// - Returns: who was refused.
  package func answer(_ isAllowed: (PublicKey) -> Bool) -> [Refusal] {
    var refusals: [Refusal] = []
    while let request = ZeroMQ.receive(pointer, frameLimit: 8)?.frames {
      let address = request.count > 3 ? String(decoding: request[3], as: UTF8.self) : ""
      // Version, request number, domain, address, identity, mechanism, then the client's key.
      let key = request.count == 7 && request[5] == Array("CURVE".utf8) ? PublicKey(bytes: request[6]) : nil
      let accepted = key.map(isAllowed) ?? false
      if !accepted { refusals.append(Refusal(address: address, key: key?.text ?? "none")) }
      let reply = [
        "1.0", "", accepted ? "200" : "400", accepted ? "OK" : "this key is not allowed",
        accepted ? key?.text ?? "" : "", "",
      ]
      var frames = reply.map { Array($0.utf8) }
      frames[1] = request.count > 1 ? request[1] : []
      ZeroMQ.send(pointer, frames)
    }
    return refusals
  }
}
