internal import Dispatch
internal import Synchronization

/// Independent pieces of work on all processors. Each result has its place, so that the outcome does not depend on
/// which piece was finished first.
enum Parallel {
  /// - Parameter least: fewer pieces are not worth waking other threads for.
  static func map<T: Sendable>(_ count: Int, least: Int = 2, _ body: @Sendable (Int) -> T) -> [T] {
    guard count >= least else { return (0..<count).map(body) }
    let stride = max(1, count / 64)
    let parts = (count + stride - 1) / stride
    let results = Mutex([Int: [T]]())
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let values = (part * stride..<min((part + 1) * stride, count)).map(body)
        results.withLock { $0[part] = values }
      }
    }
    return results.withLock { found in (0..<parts).flatMap { found[$0] ?? [] } }
  }

  /// Calls each of some pieces once.
  ///
  /// - Parameter isWorthwhile: do they take longer than waking other threads?
  static func each(_ pieces: [@Sendable () -> Void], isWorthwhile: Bool) {
    guard isWorthwhile else {
      for piece in pieces { piece() }
      return
    }
    DispatchQueue.concurrentPerform(iterations: pieces.count) { pieces[$0]() }
  }
}
