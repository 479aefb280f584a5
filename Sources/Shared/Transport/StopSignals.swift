internal import Foundation
internal import Glibc
internal import Synchronization

/// Turns SIGINT and SIGTERM into calls of a handler, on a thread of this object.
///
/// Create it before any other thread, so that all threads of the program leave the two signals to this one and none is
/// lost, however early it comes. Libraries may start threads even earlier (a preloaded OpenBLAS starts one per
/// processor), and the system may deliver a signal to one of those; whichever thread gets it, the handler sends the
/// signal's number through a pipe. A second signal ends the process at once.
package final class StopSignals: Sendable {
  private let handler = Mutex<@Sendable (Int32) -> Void>({ _ in })

  /// The end of the pipe that signal handlers write to; they may do nothing else.
  private static let writingEnd = Atomic<Int32>(-1)

  private static let readingEnd: Int32 = {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "the system has no file descriptor left")
    // Child processes must not inherit the pipe.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    writingEnd.store(ends[1], ordering: .releasing)
    return ends[0]
  }()

  /// - Parameter handler: called for the first signal, on another thread, until `handle` replaces it.
  package init(_ handler: @escaping @Sendable (Int32) -> Void) {
    self.handler.withLock { $0 = handler }
    var signals = Self.signals
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    _ = Self.readingEnd
    // If this program was started with the signals ignored, they would never arrive.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      var byte = UInt8(truncatingIfNeeded: number)
      let error = errno
      _ = write(StopSignals.writingEnd.load(ordering: .acquiring), &byte, 1)
      errno = error
    }
    action.sa_flags = Int32(SA_RESTART)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<StopSignals>.fromOpaque(pointer).takeRetainedValue().waitForever()
        return nil
      }, box)
    precondition(code == 0, "the system has no thread left")
    pthread_detach(thread)
  }

  /// Replaces the handler of the first signal.
  package func handle(_ handler: @escaping @Sendable (Int32) -> Void) {
    self.handler.withLock { $0 = handler }
  }

  private static var signals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    return signals
  }

  private func waitForever() {
    var signals = Self.signals
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    var isFirst = true
    while true {
      var number: UInt8 = 0
      guard read(Self.readingEnd, &number, 1) == 1 else { continue }
      guard isFirst else { _exit(128 + Int32(number)) }
      isFirst = false
      // The handler may take time, and this thread must be ready for a second signal.
      Thread.detachNewThread { [self, number] in handler.withLock { $0 }(Int32(number)) }
    }
  }
}
