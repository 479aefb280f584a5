import Core
import Foundation
import Logging
import System

/// Looks whether a run's stores can be seen on this host, before its shards tell it one by one.
///
/// On a thread of its own: a file server that does not answer must not make the worker fall silent.
struct StorePreflight {
  private let paths: PathMap
  private let logger: Logger
  private let queue = DispatchQueue(label: "first look")

  init(paths: PathMap, logger: Logger) {
    self.paths = paths
    self.logger = logger
  }

  /// A mount that is to be mapped to may come later; that it is not there yet is worth a word.
  func lookAtTargets() {
    queue.async { [paths, logger] in
      for rule in paths.rules where access(rule.to, R_OK | X_OK) != 0 {
        logger.warning(
          "a folder of --path-map cannot be entered",
          metadata: ["rule": "\(rule.description.printable)", "reason": "\(String(cString: strerror(errno)))"])
      }
    }
  }

  func look(at stores: [String]) {
    queue.async { [paths, logger] in
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
        return logger.info("a run begins; its stores can be seen", metadata: ["stores": "\(stores.count)"])
      }
      first["missing"] = "\(missing) of \(stores.count)"
      first["advice"] = "mount the run directory here, or say by --path-map where it lies"
      logger.warning("a run begins whose stores cannot be seen on this host", metadata: first)
    }
  }
}
