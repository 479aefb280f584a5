internal import CLinux
internal import Core
internal import Foundation
internal import Glibc
internal import Synchronization
internal import System

/// A program under way, its output gathered as it comes.
package final class Running: Sendable {
  private struct Gathered {
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var open = 2
    var status: Int32?
  }

  private let process: Subprocess
  private let gathered = Mutex(Gathered())
  /// Broadcast after every change of what is gathered.
  private let changed = NSCondition()

  /// Ends a hang: no test is decided by it, on a machine however busy.
  package static let patience = Duration.seconds(600)

  /// - Parameter environment: beside what the tests have themselves.
  package init(
    _ executable: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws {
    let (output, errors) = (try Self.pipe(), try Self.pipe())
    defer { for end in [output.write, errors.write] { close(end) } }
    do {
      process = try Subprocess(
        executable, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
        input: Array(input.utf8), output: output.write, errors: errors.write)
    } catch {
      for end in [output.read, errors.read] { close(end) }
      throw error
    }
    gather(output.read, \.stdout)
    gather(errors.read, \.stderr)
    Thread.detachNewThread { [self] in
      let status = process.wait()
      change { $0.status = status }
    }
  }

  package var pid: Int32 { process.identifier }
  package var isRunning: Bool { process.isRunning }
  package var stdout: String { String(decoding: gathered.withLock { $0.stdout }, as: UTF8.self) }
  package var stderr: String { String(decoding: gathered.withLock { $0.stderr }, as: UTF8.self) }

  package func send(_ signal: Int32) { process.send(signal) }

  /// Ends a program that a test is through with.
  package func end() {
    send(SIGKILL)
    _ = wait()
  }

  /// Ends a worker whose run has finished. One that came too late to be told so waits for a coordinator, so all are told
  /// to go; whether it was told before it left by itself makes no difference to how it ends.
  package func leave() -> Int32 {
    // From then on it listens to signals.
    _ = waitForError("connecting")
    send(SIGTERM)
    return wait()
  }

  /// Waits for the end of the program and of its output. One that does not end is killed, so that its test
  /// fails instead of waiting for ever.
  ///
  /// - Returns: as shells give it: 128 and the signal that ended it.
  @discardableResult
  package func wait() -> Int32 {
    if !wait(for: Self.patience, until: { $0.status != nil }) { send(SIGKILL) }
    // What it has started may hold its output open for longer than it lasts.
    _ = wait(for: .seconds(30)) { $0.status != nil && $0.open == 0 }
    return gathered.withLock { $0.status } ?? -1
  }

  /// Waits until the text was written to stderr.
  ///
  /// - Returns: false when the program ended without it, or hangs.
  package func waitForError(_ text: String) -> Bool {
    _ = wait(for: Self.patience) { $0.open == 0 || String(decoding: $0.stderr, as: UTF8.self).contains(text) }
    return stderr.contains(text)
  }

  private func wait(for duration: Duration, until isSo: (Gathered) -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: duration / .seconds(1))
    changed.lock()
    defer { changed.unlock() }
    while !gathered.withLock({ isSo($0) }) {
      guard changed.wait(until: deadline) else { return false }
    }
    return true
  }

  private func change(_ body: (inout Gathered) -> Void) {
    changed.lock()
    defer { changed.unlock() }
    gathered.withLock { body(&$0) }
    changed.broadcast()
  }

  private func gather(_ end: Int32, _ part: any WritableKeyPath<Gathered, [UInt8]> & Sendable) {
    Thread.detachNewThread { [self] in
      defer { close(end) }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(end, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return change { $0.open -= 1 } }
        change { $0[keyPath: part] += buffer[..<count] }
      }
    }
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw Failure(.unclassified, "no pipe: errno \(errno)") }
    return (ends[0], ends[1])
  }
}
