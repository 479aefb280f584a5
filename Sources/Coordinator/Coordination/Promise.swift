internal import Core
internal import Foundation
internal import Synchronization
internal import System

/// A result that one thread waits for and another one gives.
final class Promise<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, Failure>?>(nil)
  private let given = DispatchSemaphore(value: 0)

  /// The first result counts.
  func fulfil(_ value: Result<Value, Failure>) {
    let isFirst = result.withLock { known in
      defer { known = known ?? value }
      return known == nil
    }
    if isFirst { given.signal() }
  }

  func wait() throws(Failure) -> Value {
    given.wait()
    given.signal()
    guard let value = result.withLock({ $0 }) else { preconditionFailure("signalled without a result") }
    return try value.get()
  }
}
