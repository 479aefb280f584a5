internal import Core
internal import Foundation
internal import Glibc
internal import Synchronization
internal import System

/// A process of this program's own making, watched. In a group of its own, so that Ctrl-C reaches this
/// program alone.
final class ChildProcess: Sendable {
  private let process: Subprocess
  private let isUnwanted = Mutex(false)
  private let ended = Promise<Void>()

  /// - Parameters:
  ///   - environment: the whole of it.
  ///   - messages: where its standard error goes, to the file's end; nowhere when it cannot be written.
  ///   - onExit: told when it has ended by itself; called on any thread.
  /// - Throws: `Failure` when it cannot be started.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], messages: String,
    onExit: @escaping @Sendable (Int32) -> Void
  ) throws(Failure) {
    let log = try? RegularFile.open(messages, for: .appending)
    defer { if let log { close(log) } }
    process = try Subprocess(
      executable, arguments, environment: environment, errors: log, inOwnGroup: true)
    let waiter = Thread { [self] in
      _ = process.wait()
      if !isUnwanted.withLock({ $0 }) { onExit(identifier) }
      ended.fulfil(.success(()))
    }
    waiter.name = "child"
    waiter.start()
  }

  var identifier: Int32 { process.identifier }

  /// Has it ended without a word to anybody; `wait` waits until it is gone.
  func kill() {
    isUnwanted.withLock { $0 = true }
    process.send(SIGKILL)
  }

  func wait() { _ = try? ended.wait() }
}
