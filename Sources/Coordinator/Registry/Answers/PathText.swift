internal import Foundation
internal import System

/// Paths as somebody would type them here.
enum PathText {
  static func here(_ path: String) -> String {
    let folder = FileManager.default.currentDirectoryPath + "/"
    return (path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path).printable
  }
}
