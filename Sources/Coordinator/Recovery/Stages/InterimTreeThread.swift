internal import Foundation
internal import Monitoring

/// Solves interim trees on a thread of its own, which rests twenty times as long as it works.
final class InterimTreeThread: Sendable {
  private let stopping = DispatchSemaphore(value: 0)

  private static let shortestRest = 3.0
  private static let restPerWork = 20.0

  /// - Parameter show: called with every new tree, on the thread.
  init(_ solver: InterimTreeSolver, show: @escaping @Sendable (JobStatus.PartialTree) -> Void) {
    let thread = Thread { [stopping] in
      var known = 0
      var rest = Self.shortestRest
      while stopping.wait(timeout: .now() + rest) == .timedOut {
        let started = ContinuousClock.now
        if let tree = solver.tree(moreThan: known) {
          known = tree.tensorsUsed
          show(tree)
        }
        rest = max(Self.shortestRest, Self.restPerWork * ((ContinuousClock.now - started) / .seconds(1)))
      }
    }
    thread.name = "interim tree"
    thread.stackSize = 64 << 20
    thread.qualityOfService = .background
    thread.start()
  }

  func stop() { stopping.signal() }
}
