internal import Core
internal import Logging
internal import System
internal import Transport

/// Who may come in: keys, the list of them, and what is told of those who were turned away.
struct AccessControl {
  private let gatekeeper: Gatekeeper?
  private let monitor: SocketMonitor
  private let logger: Logger
  private var allowed: AllowedWorkers?
  private var quiet: RateLimitedLogger
  /// Noise has a limit of its own, so that it does not hide what is told of keys and peers.
  private var noise: RateLimitedLogger

  /// - Parameter gatekeeper: made before the socket was bound; nil without keys.
  init(_ gatekeeper: Gatekeeper?, list: String?, _ monitor: SocketMonitor, _ logger: Logger) {
    self.gatekeeper = gatekeeper
    self.monitor = monitor
    self.logger = logger
    allowed = list.map { AllowedWorkers(path: $0) }
    quiet = RateLimitedLogger(logger)
    noise = RateLimitedLogger(logger)
  }

  /// Name of a key on the list.
  func name(of key: PublicKey?) -> String? { key.flatMap { allowed?.name(of: $0) } }

  /// Is there no list, or is the key on it?
  func isOpen(to key: PublicKey?) -> Bool { allowed == nil || name(of: key) != nil }

  /// Waits for messages, values and those who ask to be let in.
  func wait<Value>(_ socket: Socket, or mailbox: Mailbox<Value>, milliseconds: Int) {
    socket.wait(or: mailbox, gatekeeper: gatekeeper, milliseconds: milliseconds)
  }

  /// Lets in those who may come, and tells of those who were turned away.
  mutating func admit(at now: Duration) {
    if let gatekeeper {
      for refusal in gatekeeper.answer({ mayEnter($0) }) {
        quiet.warning(
          "refused a key that is not on the list",
          ["peer.address": "\(refusal.address.printable)", "peer.key": "\(refusal.key.printable)"], at: now)
      }
    }
    for event in monitor.events() where event == .handshakeFailed {
      noise.warning(
        "a connection ended before its greeting was complete: no worker, or one without a key", [:], at: now)
    }
  }

  private mutating func mayEnter(_ key: PublicKey) -> Bool {
    // It may have been added a moment ago.
    if allowed?.name(of: key) == nil { readList() }
    return allowed?.name(of: key) != nil
  }

  mutating func readList() {
    guard allowed?.refresh() == true else { return }
    logger.info("the list of workers changed", metadata: ["workers.allowed": "\(allowed?.count ?? 0)"])
    if let problem = allowed?.problem {
      logger.error("nobody is let in", metadata: ["reason": "\(problem.printable)"])
    }
  }

  /// Tells of somebody who was thrown out or sent away.
  mutating func tell(_ message: Logger.Message, _ metadata: Logger.Metadata, at now: Duration) {
    quiet.warning(message, metadata, at: now)
  }
}
