internal import Foundation

/// Programs of tests are started one at a time, with the making of their pipes.
///
/// Foundation closes in a child what is open when it is started. Where tests start programs side by side, one
/// child can inherit the pipes of another that are just being made; then the ends of those are not seen
/// before this child has ended too, and two programs can wait for each other for ever.
public enum Spawning {
  private static let lock = NSLock()

  public static func alone<T>(_ body: () throws -> T) rethrows -> T {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }
}
