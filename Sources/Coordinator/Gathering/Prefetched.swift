internal import Dispatch
internal import System

/// A value that another thread makes while this one does something else.
struct Prefetched<Value: Sendable>: Sendable {
  private let made = Promise<Value>()

  init(_ make: @escaping @Sendable () throws(Failure) -> Value) {
    DispatchQueue.global().async { [made] in made.fulfil(Result(catching: make)) }
  }

  /// Waits for it.
  func value() throws(Failure) -> Value { try made.wait() }
}
