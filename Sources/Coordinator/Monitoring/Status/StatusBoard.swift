internal import Synchronization

/// The latest status, handed from the coordinator's loop to whoever shows it on other threads.
package final class StatusBoard: Sendable {
  private struct Posted {
    var status: PoolStatus?
    var turned = ContinuousClock.now
  }

  private let posted = Mutex(Posted())

  package init() {}

  package var status: PoolStatus? { posted.withLock { $0.status } }

  /// Time since the coordinator's loop last turned: seconds, unless it hangs.
  package var sinceTurn: Duration { posted.withLock { ContinuousClock.now - $0.turned } }

  package func post(_ status: PoolStatus) { posted.withLock { $0.status = status } }

  package func turned() { posted.withLock { $0.turned = .now } }
}
