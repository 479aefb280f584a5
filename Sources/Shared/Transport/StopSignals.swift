internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM as values: a thread of this object waits for them.
///
/// Made before any other thread, so that all of them leave the two signals to this one: none is lost
/// however early it comes. A second signal ends the process at once.
public final class StopSignals: Sendable {
  private let handler = Mutex<@Sendable (Int32) -> Void>({ _ in })

  /// - Parameter handler: what the first signal does until `handle` says otherwise; called on
  ///   another thread.
  public init(_ handler: @escaping @Sendable (Int32) -> Void) {
    self.handler.withLock { $0 = handler }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    // Whoever started this program may have them ignored; then they would never arrive.
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
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

  private func waitForever() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    var isFirst = true
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      guard isFirst else { _exit(128 + number) }
      isFirst = false
      handler.withLock { $0 }(number)
    }
  }
}
