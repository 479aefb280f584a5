import Core
import Foundation
package import Monitoring
package import System
package import Transport
import Wire

/// Asks a coordinator how far it is, over the endpoint that workers use, without being one.
package final class StatusClient {
  private let endpoint: String
  private let socket: Socket
  private let monitor: SocketMonitor
  /// Nobody posts; the socket is waited for together with it.
  private let nothing = Mailbox<Never>()
  private var hasAnswered = false

  private static let patience = Duration.seconds(5)

  package init(_ endpoint: String, keys: WorkerKeys?) throws(Failure) {
    self.endpoint = endpoint
    socket = try Socket(
      .dealer, in: try Context(), largestFrame: WireProtocol.largestControlBytes + WireProtocol.envelopeBytes,
      security: keys.map { .worker($0) } ?? .open)
    monitor = try socket.monitor()
    try socket.connect(endpoint)
  }

  /// - Throws: `Failure`: the key is refused, or no answer comes in five seconds.
  package func ask() throws(Failure) -> PoolStatus {
    let start = ContinuousClock.now
    // Also where messages come faster than they can be looked at.
    var isPatient: Bool { ContinuousClock.now - start < Self.patience }
    // An answer to an earlier question that came too late is old news.
    while isPatient, socket.receive(frameLimit: 1) != nil {}
    socket.send([WorkerMessage.ask.encoded()])
    var hasFailed = false
    while isPatient {
      socket.wait(or: nothing, milliseconds: 200)
      while isPatient, let message = socket.receive(frameLimit: 1) {
        guard let frame = message.frames.first, let answer = try? CoordinatorMessage(decoding: frame) else { continue }
        switch answer {
        case .status(let json):
          hasAnswered = true
          return try StatusJSON.decode(Data(json.utf8), from: endpoint)
        case .reject(let reason):
          throw Failure(.usage, "the coordinator at '\(endpoint.printable)' gives no status: \(reason.printable)")
        default: break
        }
      }
      for event in monitor.events() {
        switch event {
        case .keyRefused:
          throw Failure(
            .usage, "the coordinator at '\(endpoint.printable)' does not let this key in",
            advice: "check that the key is in allowed-workers of the coordinator's --keys folder")
        case .handshakeFailed: hasFailed = true
        }
      }
    }
    throw silence(hasFailed)
  }

  private func silence(_ hasFailed: Bool) -> Failure {
    if hasAnswered {
      return Failure(
        .resumable, "the coordinator at '\(endpoint.printable)' does not answer any more",
        advice: "it has ended, or the way to it is cut: look at its run directory with 'modeltree status RUN'")
    }
    if hasFailed {
      return Failure(
        .usage, "the greeting with '\(endpoint.printable)' failed",
        advice: "check that it is a coordinator's port; with --keys there, give --key with a worker's file here")
    }
    return Failure(
      .resumable, "no answer from '\(endpoint.printable)' in \(Self.patience.components.seconds) s",
      advice: "check that a coordinator of this version runs there and its port can be reached from here")
  }
}
