import Core
import Foundation
import Logging
import Synchronization
import System

/// Checks that a run's stores can be read on this host, before its shards fail one by one.
///
/// On a queue of its own: a file server that does not answer must not silence the worker.
final class StorePreflight: Sendable {
  private let paths: PathMap
  private let logger: Logger
  private let queue = DispatchQueue(label: "store preflight")
  private let waiting = Atomic<Int>(0)
  private let hasSkipped = Atomic<Bool>(false)

  /// Runs that wait to be looked at.
  private static let mostWaiting = 64

  init(paths: PathMap, logger: Logger) {
    self.paths = paths
    self.logger = logger
  }

  /// Warns about targets of --path-map that cannot be entered yet; they may be mounted later.
  func checkTargets() {
    queue.async { [paths, logger] in
      for rule in paths.rules where access(rule.to, R_OK | X_OK) != 0 {
        logger.warning(
          "a folder of --path-map cannot be entered",
          metadata: ["rule": "\(rule.description.printable)", "reason": "\(String(cString: strerror(errno)))"])
      }
    }
  }

  /// Looks at a run's stores, unless the coordinator opens runs faster than they can be looked at.
  func check(_ stores: [String]) {
    guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.mostWaiting else {
      waiting.wrappingSubtract(1, ordering: .relaxed)
      if !hasSkipped.exchange(true, ordering: .relaxed) {
        logger.notice("so many runs begin that not all stores are looked at beforehand")
      }
      return
    }
    queue.async { [self] in
      look(for: stores)
      waiting.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  private func look(for stores: [String]) {
    var missing = 0
    var first: Logger.Metadata = [:]
    for store in stores {
      let place = paths.local(store)
      guard access(place, R_OK) != 0 else { continue }
      if missing == 0 {
        first = ["first": "\(place.printable)", "reason": "\(String(cString: strerror(errno)))"]
      }
      missing += 1
    }
    guard missing > 0 else {
      return logger.info("a run begins; its stores can be read", metadata: ["stores": "\(stores.count)"])
    }
    first["missing"] = "\(missing) of \(stores.count)"
    first["advice"] = "mount the run directory here, or map its path with --path-map"
    logger.warning("a run begins whose stores cannot be read on this host", metadata: first)
  }
}
