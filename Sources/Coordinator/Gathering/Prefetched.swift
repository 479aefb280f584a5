internal import Core
internal import Dispatch
internal import Synchronization
internal import System

/// A value that another thread makes while this one does something else.
final class Prefetched<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, Failure>?>(nil)
  private let isMade = DispatchSemaphore(value: 0)

  init(_ make: @escaping @Sendable () throws(Failure) -> Value) {
    DispatchQueue.global().async {
      let made = Result(catching: make)
      self.result.withLock { $0 = made }
      self.isMade.signal()
    }
  }

  /// Waits for it; asked for once.
  func value() throws(Failure) -> Value {
    isMade.wait()
    let made = result.withLock { result in
      defer { result = nil }
      return result
    }
    guard let made else { preconditionFailure("asked for twice") }
    return try made.get()
  }
}
