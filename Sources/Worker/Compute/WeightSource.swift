internal import Core
internal import Storage
internal import Synchronization
internal import System

/// An open file of weights, as shards read it: at the worker's pace, and with the coordinator's name in
/// what goes wrong.
final class WeightSource: Sendable {
  /// What the coordinator calls it.
  private let name: String
  private let file: WeightFile
  /// As it was at the import; nil for a store that holds its weights itself.
  private let recorded: SourceFile?
  private let pace: FileThroughput.Entry
  private let failed = Atomic<Bool>(false)

  init(name: String, here: String, recorded: SourceFile?, paces: FileThroughput) throws(Failure) {
    self.name = name
    self.recorded = recorded
    pace = paces.entry(for: name)
    do throws(Failure) {
      file = try paces.watching(name) { () throws(Failure) in try WeightFile(path: here) }
    } catch {
      throw error.about(name, here: here)
    }
  }

  /// A read failed: who comes next opens the file anew, as it may have been put back or replaced.
  var hasFailed: Bool { failed.load(ordering: .relaxed) }

  /// Fills the buffer from `offset` on.
  ///
  /// - Parameters:
  ///   - isCancelled: asked while the limit makes it wait.
  ///   - onRead: told the bytes of every piece.
  /// - Returns: false when it was cancelled.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, what: String, limit: ReadLimit?,
    isCancelled: () -> Bool, onRead: (Int) -> Void
  ) throws(Failure) -> Bool {
    var filled = 0
    while filled < buffer.count {
      let count = min(buffer.count - filled, limit?.pieceBytes ?? buffer.count)
      // Before the clock starts: the limit is no fault of the file.
      if let limit, !limit.wait(for: count, isCancelled: isCancelled) { return false }
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
      let start = pace.begin()
      do throws(Failure) {
        try file.read(into: piece, at: offset + filled, what: what)
      } catch {
        pace.end(start, bytes: 0)
        throw explained(error)
      }
      pace.end(start, bytes: count)
      onRead(count)
      filled += count
    }
    return true
  }

  /// A file that ends too early is this host's own trouble when it is not what was imported, and
  /// everybody's when it is.
  private func explained(_ failure: Failure) -> Failure {
    failed.store(true, ordering: .relaxed)
    var failure = failure
    if failure.missing == nil, let recorded, !recorded.isUnchanged(at: file.path) {
      failure = Failure(
        failure.kind, failure.message, advice: failure.advice, missing: file.path)
    }
    return failure.about(name, here: file.path)
  }
}
