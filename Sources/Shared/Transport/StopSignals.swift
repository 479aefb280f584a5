internal import Foundation
internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM as values: a thread of this object waits for them.
///
/// Made before any thread of ours, so that all of those leave the two signals to this one: none is lost
/// however early it comes. Libraries may start threads before the program does (OpenBLAS, where it is
/// preloaded, one per processor), and the system may hand a signal to one of those; whichever thread it is,
/// the signal's number goes through a pipe. A second signal ends the process at once.
public final class StopSignals: Sendable {
  private let handler = Mutex<@Sendable (Int32) -> Void>({ _ in })

  /// Where the handlers of signals write: they may touch nothing else.
  private static let writingEnd = Atomic<Int32>(-1)

  private static let readingEnd: Int32 = {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "the system has no file descriptor left")
    // Programs that this one starts have no business with it.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    writingEnd.store(ends[1], ordering: .releasing)
    return ends[0]
  }()

  /// - Parameter handler: what the first signal does until `handle` says otherwise; called on
  ///   another thread.
  public init(_ handler: @escaping @Sendable (Int32) -> Void) {
    self.handler.withLock { $0 = handler }
    var signals = Self.signals
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    _ = Self.readingEnd
    // Whoever started this program may have them ignored; then they would never arrive.
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

  /// What the first signal does from now on.
  public func handle(_ handler: @escaping @Sendable (Int32) -> Void) {
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
      // What it does may take time, and this thread is to hear of a second one.
      Thread.detachNewThread { [self, number] in handler.withLock { $0 }(Int32(number)) }
    }
  }
}
