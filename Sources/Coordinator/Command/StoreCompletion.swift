import Core
import Foundation
import Storage
import Synchronization

/// Adds to the stores what workers do without, while these compare: HDF5 takes some 20 microseconds for a
/// dataset, which is more than comparing a small tensor takes.
final class StoreCompletion: Sendable {
  struct Store: Sendable {
    var path: String
    var model: String
  }

  private let failure = Mutex<Failure?>(nil)
  private let isStopped = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)

  init(_ stores: [Store]) {
    Thread.detachNewThread { [self] in
      do throws(Failure) {
        for store in stores where !isStopped.load(ordering: .relaxed) {
          try ModelStoreWriter.complete(store.path, model: store.model)
        }
      } catch {
        failure.withLock { $0 = error }
      }
      done.signal()
    }
  }

  /// Waits until all stores are complete.
  ///
  /// - Throws: `Failure` when one cannot be written.
  func wait() throws(Failure) {
    done.wait()
    done.signal()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Waits for the store that is being written and leaves the others as they are.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    done.wait()
    done.signal()
  }
}
