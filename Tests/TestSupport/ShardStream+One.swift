package import Compute
package import Core
import Synchronization
package import System
package import Wire

extension ShardStream {
  /// Computes one shard; nil when it was cancelled.
  package static func compute(
    _ assignment: CoordinatorMessage.Assignment, stores: [String], library: StoreCache,
    memoryBytes: Int, limit: ReadLimit? = nil, onRead: @escaping @Sendable (Int) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(Failure) -> Partial? {
    let jobs = Mutex([Job(assignment, stores: stores, isCancelled: isCancelled)])
    let stream = ShardStream(
      library: library, memoryBytes: memoryBytes, limit: limit, next: { jobs.withLock { $0.popLast() } },
      onRead: onRead)
    switch stream.next()?.1 {
    case .computed(let partial, _): return partial
    case .failed(let failure): throw failure
    case .cancelled, nil: return nil
    }
  }
}
