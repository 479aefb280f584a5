internal import Foundation

/// Where one command keeps what it computes on the way, until it ends.
package struct CommandFolder: Sendable {
  /// The folder is made by whoever writes to it first.
  package let path: String

  /// - Parameter command: the command's name, for people who find the folder.
  package init(of command: String) {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("modeltree-\(command)-\(ProcessInfo.processInfo.processIdentifier)").path
  }

  /// Removes the folder with all that is in it, if it was made.
  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
