internal import Foundation
internal import Synchronization

/// A result that one thread waits for and another one provides.
package final class Promise<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, Failure>?>(nil)
  private let given = DispatchSemaphore(value: 0)

  package init() {}

  /// The first result counts; later ones are ignored.
  package func fulfil(_ value: Result<Value, Failure>) {
    let isFirst = result.withLock { known in
      defer { known = known ?? value }
      return known == nil
    }
    if isFirst { given.signal() }
  }

  /// Blocks until there is a result. Any number of threads may wait, any number of times.
  ///
  /// - Throws: the failure that the promise was fulfilled with.
  package func wait() throws(Failure) -> Value {
    given.wait()
    given.signal()
    guard let value = result.withLock({ $0 }) else { preconditionFailure("signalled without a result") }
    return try value.get()
  }
}
